// Names that Spark derives for executor pods: prefix, pod name, hostname, label of the application (02 6.1 Names).
// Pure functions; chance and clock come in as values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backend/port/ids.h"

namespace podramp::backend {

// The unique part of names: 6 hex digits, then hex of the clock's milliseconds & 0xfffffffff. random < 2^24.
std::string unique_id(std::uint32_t random, std::int64_t clock_ms);

// "<appName>-<uid>" as a name that Kubernetes takes; begins with a letter for any application name (G10). Its length
// is not limited: is_valid_pod_name_prefix() tells.
std::string resource_name_prefix(std::string_view app_name, std::string_view uid);

// A DNS-1123 subdomain of at most 237 characters: room for "-exec-" and ten digits (02 4.6, H7).
bool is_valid_pod_name_prefix(std::string_view prefix);

std::string executor_pod_name(std::string_view prefix, ExecutorId id);

// The last 63 characters of the pod name, made fit to be a hostname (H6).
std::string executor_hostname(std::string_view pod_name);

// Value of label spark-app-name: lower case, "-" for what is illegal, cut to 63, then dashes trimmed (G9).
std::string app_name_label(std::string_view app_name);

// [-._a-zA-Z][-._a-zA-Z0-9]* (02 4.6, G6).
bool is_valid_env_name(std::string_view name);

}  // namespace podramp::backend
