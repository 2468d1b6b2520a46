// Requests to an API server, its replies, and the events of a watch, as plain values. API failures are values too.
// Next: kube.h (pods), manifest.h (other kinds), step.h (how the backend asks and hears).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/port/kube.h"
#include "backend/port/manifest.h"

namespace podramp {

enum class Verb : std::uint8_t { create, get, list, watch, patch, remove, remove_collection, update };
template <>
struct EnumText<Verb> {
  static constexpr std::array<std::string_view, 8> names{
      "create", "get", "list", "watch", "patch", "delete", "deletecollection", "update"};
};

struct ApiRequest {
  Verb verb = Verb::get;
  Kind kind = Kind::pod;
  std::string ns;
  std::string name;                        // get, patch, delete
  LabelSelector label_selector;            // list, watch, deletecollection
  FieldSelector field_selector;            // likewise
  std::string resource_version;            // "" unset, "0" any, else exact (K13-K17)
  std::string subresource;                 // create: "binding", "eviction" of the pod that is named
  PodPtr body;                             // create and update, when it is a pod; of an update a version or 0 for any
  ManifestPtr manifest;                    // likewise, when it is of another kind
  StringMap set_labels;                    // patch: strategic merge of metadata.labels
  StringMap set_annotations;               // patch: likewise
  std::optional<std::int64_t> replicas;    // patch of a set's scale
  std::optional<std::int64_t> set_bytes;   // patch: a claim's storage request, or a pod's memory (subresource resize)
  std::optional<std::int64_t> grace_s;     // delete: overrides the pod's own (K27)
  std::string uid_precondition;            // delete: 409 when it differs (K31)
  std::string version_precondition;        // likewise, of the resource version
  std::optional<std::int64_t> limit;       // list: at most so many items, then a continue token (K15)
  std::string continue_token;              // list: the next page
  bool allow_bookmarks = false;            // watch: BOOKMARK events may come (K20)
  bool initial_events = false;             // watch: sendInitialEvents, a streaming list (K25)
  std::optional<std::int64_t> watch_s;     // watch: timeoutSeconds (K21)
  bool dry_run = false;                    // a write is decided, and not done
  DurationUs timeout_us = 10 * kSecondUs;  // the transport gives up after this (K85); not for watches

  static void fields(auto& visit, auto& self) {
    visit("verb", self.verb);
    visit("kind", self.kind);
    visit("ns", self.ns);
    visit("name", self.name);
    visit("labels", self.label_selector);
    visit("fields", self.field_selector);
    visit("resource_version", self.resource_version);
    visit("subresource", self.subresource);
    visit("body", self.body);
    visit("manifest", self.manifest);
    visit("set_labels", self.set_labels);
    visit("set_annotations", self.set_annotations);
    visit("replicas", self.replicas);
    visit("set_bytes", self.set_bytes);
    visit("grace_s", self.grace_s);
    visit("uid_precondition", self.uid_precondition);
    visit("version_precondition", self.version_precondition);
    visit("limit", self.limit);
    visit("continue", self.continue_token);
    visit("allow_bookmarks", self.allow_bookmarks);
    visit("initial_events", self.initial_events);
    visit("watch_s", self.watch_s);
    visit("dry_run", self.dry_run);
    visit("timeout_us", self.timeout_us);
  }
};

// How a request failed before an answer came. maybe_committed: the server may have done it all the same (K10).
enum class Transport : std::uint8_t { ok, refused, reset, timed_out, maybe_committed };
template <>
struct EnumText<Transport> {
  static constexpr std::array<std::string_view, 5> names{"ok", "refused", "reset", "timed_out", "maybe_committed"};
};

// The items of a list reply. In the log they are written as differences (design 2, json_writer.h).
struct PodList {
  std::vector<PodPtr> items;  // in the server's order: by namespace, then name
};

struct ApiReply {
  Transport transport = Transport::ok;
  int code = 0;         // HTTP status, 0 when transport is not ok
  std::string reason;   // Status.reason: "AlreadyExists", "Forbidden", "Expired", ...
  std::string message;  // Status.message, as the real server words it
  std::optional<std::int64_t> retry_after_s;
  std::uint64_t resource_version = 0;     // of a list, or where a watch starts
  PodPtr object;                          // create, get, patch, delete of a pod
  std::optional<PodList> list;            // list of pods
  ManifestPtr manifest;                   // create, get, patch, delete of another kind
  std::vector<ManifestPtr> manifests;     // list of another kind, by name
  std::string continue_token;             // list: there is more (K15)
  std::optional<std::int64_t> remaining;  // list: so many more, when nothing is selected by

  bool ok() const { return transport == Transport::ok && code >= 200 && code < 300; }
  static void fields(auto& visit, auto& self) {
    visit("transport", self.transport);
    visit("code", self.code);
    visit("reason", self.reason);
    visit("message", self.message);
    visit("retry_after_s", self.retry_after_s);
    visit("rv", self.resource_version);
    visit("object", self.object);
    visit("list", self.list);
    visit("manifest", self.manifest);
    visit("manifests", self.manifests);
    visit("continue", self.continue_token);
    visit("remaining", self.remaining);
  }
};

// error: of a pod, which only tests of the fork send; a server's ERROR carries a Status and closes the watch (01 1.9).
enum class WatchEventType : std::uint8_t { added, modified, deleted, bookmark, error };
template <>
struct EnumText<WatchEventType> {
  static constexpr std::array<std::string_view, 5> names{"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"};
};

struct WatchEvent {
  WatchEventType type = WatchEventType::added;
  PodPtr object;
  bool initial_end = false;  // of a bookmark: annotated k8s.io/initial-events-end (K25)
  ManifestPtr manifest{};    // instead of object, of another kind
  static void fields(auto& visit, auto& self) {
    visit("type", self.type);
    visit("object", self.object);
    visit("initial_end", self.initial_end);
    visit("manifest", self.manifest);
  }
};

}  // namespace podramp
