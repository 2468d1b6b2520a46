#include "sim/import/openb.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace podramp::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kGpu = "nvidia.com/gpu";
constexpr std::string_view kModelLabel = "nvidia.com/gpu.product";
constexpr std::size_t kErrorsMax = 20;

std::vector<std::string_view> split(std::string_view line, char by) {
  std::vector<std::string_view> cells;
  for (std::size_t from = 0; from <= line.size();) {
    const std::size_t to = std::min(line.find(by, from), line.size());
    cells.push_back(line.substr(from, to - from));
    from = to + 1;
  }
  return cells;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

// A table with a header line. Mistakes go into errors, with their line.
class Table {
 public:
  Table(const NamedText& source, FieldErrors& errors) : file_(source.file), errors_(errors) {
    int number = 0;
    for (const std::string_view line : split(source.text, '\n')) {
      ++number;
      if (trimmed(line).empty()) continue;
      if (columns_.empty()) {
        for (const std::string_view name : split(trimmed(line), ','))
          columns_[std::string(trimmed(name))] = columns_.size();
        continue;
      }
      rows_.push_back({number, split(trimmed(line), ',')});
    }
  }

  void need(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      if (!columns_.contains(std::string(name))) error(1, fmt::format("there is no column {}", name));
    }
  }
  std::size_t size() const { return rows_.size(); }
  std::string_view text(std::size_t row, std::string_view column) const {
    const auto at = columns_.find(std::string(column));
    const Row& cells = rows_[row];
    return at == columns_.end() || at->second >= cells.cells.size() ? "" : trimmed(cells.cells[at->second]);
  }
  // 0 when the cell is empty; fractions are cut off.
  std::int64_t number(std::size_t row, std::string_view column) {
    std::string_view cell = text(row, column);
    if (cell.empty()) return 0;
    cell = cell.substr(0, cell.find('.'));
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (code != std::errc{} || end != cell.data() + cell.size() || value < 0) {
      error(rows_[row].line, fmt::format("{}: \"{}\" is not a number that is at least 0", column, text(row, column)));
      return 0;
    }
    return value;
  }

 private:
  struct Row {
    int line = 0;
    std::vector<std::string_view> cells;
  };
  void error(int line, std::string message) {
    if (errors_.size() < kErrorsMax) errors_.push_back({file_, line, "", std::move(message)});
  }

  std::string file_;
  FieldErrors& errors_;
  std::map<std::string, std::size_t> columns_;
  std::vector<Row> rows_;
};

struct Seen {
  std::int64_t shares = 0;   // pods with a part of a GPU
  std::int64_t choices = 0;  // pods that several models would do for
  std::int64_t unscheduled = 0;
};

Json pod_entry(Table& table, std::size_t row, std::int64_t start_s, Seen& seen) {
  const std::int64_t created_s = table.number(row, "creation_time");
  const std::int64_t deleted_s = table.number(row, "deletion_time");
  const std::int64_t scheduled_s = table.number(row, "scheduled_time");
  const bool ran = !table.text(row, "scheduled_time").empty();
  Json entry{{"at", fmt::format("{}s", created_s - start_s)}};
  if (ran && deleted_s >= scheduled_s) entry["lifetime"] = fmt::format("{}s", deleted_s - scheduled_s);
  if (!ran) {
    ++seen.unscheduled;
    entry["lifetime"] = fmt::format("{}s", std::max<std::int64_t>(deleted_s - created_s, 0));
  }
  entry["cpu"] = fmt::format("{}m", table.number(row, "cpu_milli"));
  entry["memory"] = fmt::format("{}Mi", table.number(row, "memory_mib"));
  const std::int64_t gpus = table.number(row, "num_gpu");
  if (gpus > 0) {
    entry["resources"] = Json{{kGpu, gpus}};
    entry["limits"] = Json{{"resources", Json{{kGpu, gpus}}}};  // extended resources need both
    if (gpus == 1 && table.number(row, "gpu_milli") < 1000) ++seen.shares;
  }
  const std::string_view spec = table.text(row, "gpu_spec");
  if (spec.find('|') != std::string_view::npos) {
    ++seen.choices;
  } else if (!spec.empty()) {
    entry["node_selector"] = Json{{kModelLabel, std::string(spec)}};
  }
  return entry;
}

Json trace_of(Table& table, Seen& seen) {
  std::int64_t start_s = INT64_MAX;
  for (std::size_t row = 0; row < table.size(); ++row) start_s = std::min(start_s, table.number(row, "creation_time"));
  Json trace = Json::array();
  for (std::size_t row = 0; row < table.size(); ++row) trace.push_back(pod_entry(table, row, start_s, seen));
  return trace;
}

// Equal nodes are one group.
Json nodes_of(Table& table) {
  std::map<std::string, Json> groups;
  for (std::size_t row = 0; row < table.size(); ++row) {
    const std::string cpu = fmt::format("{}m", table.number(row, "cpu_milli"));
    const std::string memory = fmt::format("{}Mi", table.number(row, "memory_mib"));
    const std::int64_t gpus = table.number(row, "gpu");
    const std::string model(table.text(row, "model"));
    Json& group = groups[fmt::format("{} {} {} {}", cpu, memory, gpus, model)];
    if (!group.is_null()) {
      group["count"] = group["count"].get<std::int64_t>() + 1;
      continue;
    }
    group = Json{{"group", fmt::format("openb-{}", groups.size())}, {"count", 1}, {"cpu", cpu}, {"memory", memory}};
    if (gpus > 0) group["resources"] = Json{{kGpu, gpus}};
    if (!model.empty()) group["labels"] = Json{{kModelLabel, model}};
  }
  Json list = Json::array();
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  return list;
}

}  // namespace

tl::expected<OpenbScenario, FieldErrors> import_openb(const NamedText& pods, const NamedText& nodes) {
  FieldErrors errors;
  Table pod_table(pods, errors);
  pod_table.need({"name", "cpu_milli", "memory_mib", "num_gpu", "creation_time", "deletion_time", "scheduled_time"});
  Table node_table(nodes, errors);
  if (!nodes.file.empty()) node_table.need({"sn", "cpu_milli", "memory_mib", "gpu"});
  if (errors.empty() && pod_table.size() == 0) errors.push_back({pods.file, 0, "", "there are no pods in it"});
  if (!errors.empty()) return tl::unexpected(std::move(errors));

  OpenbScenario result;
  Seen seen;
  Json root{{"schema", "podramp/v1"},
            {"about", fmt::format("{} pods of an openb trace as a background load.", pod_table.size())},
            {"seed", 1},
            {"end", "24h"}};
  root["cluster"]["nodes"] = nodes.file.empty() ? Json::array({Json{{"group", "worker"},
                                                                    {"count", 100},
                                                                    {"cpu", "96"},
                                                                    {"memory", "768Gi"},
                                                                    {"resources", Json{{kGpu, 8}}}}})
                                                : nodes_of(node_table);
  root["background_load"] =
      Json::array({Json{{"name", "openb"}, {"namespace", "openb"}, {"trace", trace_of(pod_table, seen)}}});
  root["applications"] = Json::array();
  if (!errors.empty()) return tl::unexpected(std::move(errors));
  if (nodes.file.empty())
    result.notes.emplace_back("no node list was given: the cluster is 100 nodes of 96 cpu, 768Gi and 8 GPUs");
  if (seen.shares > 0)
    result.notes.push_back(
        fmt::format("{} pods share a GPU (gpu_milli below 1000): each takes a whole one", seen.shares));
  if (seen.choices > 0)
    result.notes.push_back(
        fmt::format("{} pods name several GPU models (gpu_spec with |): they take any", seen.choices));
  if (seen.unscheduled > 0) {
    result.notes.push_back(fmt::format(
        "{} pods never ran there: here they run, if there is room, for as long as they waited", seen.unscheduled));
  }
  result.notes.emplace_back(
      "qos and pod_phase have no counterpart; pods end after their recorded run time, wherever they start");
  result.json = root.dump(1) + "\n";
  return result;
}

}  // namespace podramp::sim
