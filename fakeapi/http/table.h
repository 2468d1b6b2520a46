// Objects as rows of a meta.k8s.io Table, which is what kubectl asks for and prints: columns and cells as the printers
// of kube-apiserver write them. Cells are read from the objects as they are shown (views.h).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/manifest.h"
#include "fakeapi/http/views.h"

namespace podramp::fakeapi::rest {

// How much of its object a row carries (includeObject).
enum class RowObject { none, metadata, whole };

// version: of meta.k8s.io. resource_version, continue_token and remaining: of a list; else 0, "" and absent.
struct TableHead {
  std::string version = "v1";
  std::uint64_t resource_version = 0;
  std::string continue_token;
  std::optional<std::int64_t> remaining;
};
nlohmann::json table_json(Kind kind, const std::vector<nlohmann::json>& objects, RowObject include,
                          const TableHead& head, const Scene& scene);

// "5s", "3m20s", "4h12m", "3d": an age as kubectl prints it. Negative ages are "<invalid>".
std::string human_duration(DurationUs age_us);

}  // namespace podramp::fakeapi::rest
