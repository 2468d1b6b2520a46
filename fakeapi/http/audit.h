// One line of an audit log, in the format of kube-apiserver's (audit.k8s.io/v1, level Metadata, stage
// ResponseComplete), so that the same tools read it, and `podramp compare --against` lays a driver's requests beside
// ours.
#pragma once

#include <string>
#include <vector>

#include "backend/port/wall_time.h"
#include "fakeapi/http/caller.h"

namespace podramp::fakeapi::rest {

struct AuditEntry {
  std::uint64_t number = 0;  // becomes the auditID
  std::string uri;           // path and query, as it came
  std::string verb;
  Caller caller;
  std::string peer;  // "127.0.0.1:5123"
  std::string user_agent;
  std::optional<ResourcePath> path;  // of a resource
  TimeUs received_us = 0;
};

AuditEntry audit_entry(const http::Request& request, const Caller& caller, std::uint64_t number, TimeUs now);
// name: of the object that was answered with, when the path names none. With its newline.
std::string audit_line(const AuditEntry& entry, int code, const std::string& name, TimeUs now, WallZero zero);

}  // namespace podramp::fakeapi::rest
