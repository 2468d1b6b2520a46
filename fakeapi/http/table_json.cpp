// The Table around the rows, and ages for people (table.h).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fakeapi/http/table.h"
#include "fakeapi/http/table_cells.h"

namespace podramp::fakeapi::rest {

using nlohmann::json;

json table_json(Kind kind, const std::vector<json>& objects, RowObject include, const TableHead& head,
                const Scene& scene) {
  json columns = json::array();
  for (const Column& column : columns_of(kind)) {
    columns.push_back(json{{"name", column.name},
                           {"type", column.type},
                           {"format", column.name == "Name" ? "name" : ""},
                           {"description", ""},
                           {"priority", column.wide ? 1 : 0}});
  }
  json rows = json::array();
  for (const json& object : objects) {
    json row{{"cells", cells_of(kind, object, scene)}};
    if (include == RowObject::whole) row["object"] = object;
    if (include == RowObject::metadata) row["object"] = metadata_only(object, head.version);
    rows.push_back(std::move(row));
  }
  json metadata = json::object();
  if (head.resource_version > 0) metadata["resourceVersion"] = fmt::format("{}", head.resource_version);
  if (!head.continue_token.empty()) metadata["continue"] = head.continue_token;
  if (head.remaining) metadata["remainingItemCount"] = *head.remaining;
  return json{{"kind", "Table"},
              {"apiVersion", fmt::format("meta.k8s.io/{}", head.version)},
              {"metadata", metadata},
              {"columnDefinitions", columns},
              {"rows", rows}};
}

// As k8s.io/apimachinery's duration.HumanDuration does.
std::string human_duration(DurationUs age_us) {
  const std::int64_t s = age_us / kSecondUs;
  if (age_us < -kSecondUs) return "<invalid>";
  if (s < 0) return "0s";
  const std::int64_t m = s / 60;
  const std::int64_t h = m / 60;
  const std::int64_t d = h / 24;
  const auto two = [](std::int64_t big, const char* unit, std::int64_t small, const char* rest) {
    return small == 0 ? fmt::format("{}{}", big, unit) : fmt::format("{}{}{}{}", big, unit, small, rest);
  };
  if (s < 120) return fmt::format("{}s", s);
  if (m < 10) return two(m, "m", s % 60, "s");
  if (h < 3) return fmt::format("{}m", m);
  if (h < 8) return two(h, "h", m % 60, "m");
  if (h < 48) return fmt::format("{}h", h);
  if (d < 8) return two(d, "d", h % 24, "h");
  if (d < 365 * 2) return fmt::format("{}d", d);
  if (d < 365 * 8) return two(d / 365, "y", d % 365, "d");
  return fmt::format("{}y", d / 365);
}

}  // namespace podramp::fakeapi::rest
