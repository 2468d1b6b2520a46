#include "sim/report/study_record.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "sim/results.h"

namespace podramp::sim {
namespace {

std::optional<double> csv_number(const std::string& cell) {
  double value = 0;
  const auto [end, code] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  const bool fine = code == std::errc() && end == cell.data() + cell.size() && value < 1e300 && value > -1e300;
  return fine ? std::optional(value) : std::nullopt;
}

StudyVariant variant_of(const std::vector<std::string>& heads, const std::vector<std::string>& cells,
                        const StudyRecord& study) {
  StudyVariant variant;
  variant.values.resize(study.dimensions.size());
  for (std::size_t i = 0; i < std::min(heads.size(), cells.size()); ++i) {
    const std::string& head = heads[i];
    // The dimensions' columns come right after the name; their names are the user's.
    if (i == 0) {
      variant.name = cells[i];
    } else if (i <= study.dimensions.size()) {
      variant.values[i - 1] = cells[i];
    } else if (head == "feasible") {
      variant.feasible = cells[i] == "1";
    } else if (head == "on_front") {
      variant.on_front = cells[i] == "1";
    } else if (const auto number = csv_number(cells[i])) {
      if (head == "rank") variant.rank = static_cast<std::int64_t>(*number);
      variant.numbers[head] = *number;
    }
  }
  return variant;
}

}  // namespace

std::vector<std::vector<std::string>> csv_rows(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row{""};
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_quotes) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        row.back() += text[++i];
      } else if (c == '"') {
        in_quotes = false;
      } else {
        row.back() += c;
      }
    } else if (c == '"') {
      in_quotes = true;
    } else if (c == ',') {
      row.emplace_back();
    } else if (c == '\n') {
      rows.push_back(std::move(row));
      row = {""};
    } else {
      row.back() += c;
    }
  }
  if (row.size() > 1 || !row.front().empty()) rows.push_back(std::move(row));
  return rows;
}

bool is_study(const std::string& path) {
  std::error_code code;
  return std::filesystem::exists(path + "/study.json", code) && std::filesystem::exists(path + "/variants.csv", code);
}

Result<StudyRecord> read_study_record(const std::string& path) {
  const auto json = read_file(path + "/study.json");
  if (!json) return tl::unexpected(json.error());
  auto study = study_of_json(*json);
  if (!study) return tl::unexpected(Error{path + "/study.json: " + study.error().message});
  study->path = path;
  const auto table = read_file(path + "/variants.csv");
  if (!table) return tl::unexpected(table.error());
  const auto rows = csv_rows(*table);
  if (rows.empty() || rows.front().size() < study->dimensions.size() + 1 || rows.front().front() != "variant") {
    return tl::unexpected(Error{path + "/variants.csv is not the table of this study"});
  }
  for (std::size_t i = 1; i < rows.size(); ++i) study->variants.push_back(variant_of(rows.front(), rows[i], *study));
  std::error_code code;
  if (std::filesystem::exists(path + "/recommended.conf", code)) {
    if (const auto conf = read_file(path + "/recommended.conf")) study->recommended_conf = *conf;
  }
  return study;
}

}  // namespace podramp::sim
