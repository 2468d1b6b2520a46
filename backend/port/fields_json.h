// Reads the fields of one JSON object of a Kubernetes document: what is asked for is typed, what is left over is kept.
// Private to the codecs behind kube_json.h. A wrong type is noted with its path and reading goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/kube.h"
#include "backend/port/wall_time.h"

namespace podramp {

// Where mistakes go, and what all readers of one document need.
struct JsonReading {
  WallZero zero;
  FieldErrors errors;
};

class JsonFields {
 public:
  // The document itself, or an object of its own (of a list, of a template) at `path`.
  JsonFields(const nlohmann::json& value, std::string path, JsonReading& reading);
  // A member object of `around`; absent or null has no fields, anything but an object is a mistake. Both must outlive
  // this one. What it has left over goes back to `around` when it is destroyed.
  JsonFields(JsonFields& around, std::string_view name);
  ~JsonFields();
  JsonFields(const JsonFields&) = delete;
  JsonFields& operator=(const JsonFields&) = delete;

  bool is_there() const { return value_ != nullptr; }
  bool has(std::string_view name) const;  // the member is there and not null
  // The member, or nullptr when it is absent or null; it no longer belongs to the rest.
  const nlohmann::json* take(std::string_view name);
  std::string text(std::string_view name);      // "" when absent
  std::string quantity(std::string_view name);  // a string or a number, as text
  bool flag(std::string_view name);
  std::optional<std::int64_t> whole(std::string_view name);
  std::optional<TimeUs> time(std::string_view name);
  std::uint64_t version(std::string_view name);  // a resourceVersion: digits in a string; 0 when absent
  std::vector<std::string> texts(std::string_view name);
  StringMap map(std::string_view name);
  StringMap quantities(std::string_view name);
  void each(std::string_view name, const std::function<void(const nlohmann::json&, std::string path)>& visit);

  // A member that was taken, to stay with the rest all the same.
  void keep(std::string_view name, const nlohmann::json& value);

  std::string path_of(std::string_view name) const;
  void error(std::string_view name, std::string message);
  void wrong_type(std::string_view name, std::string_view expected, const nlohmann::json& got);
  JsonReading& reading() { return reading_; }

  nlohmann::json rest() const;  // an object of what nobody took
  std::string extra() const;    // the same as text, "" when nothing is left

 private:
  StringMap texts_by_name(std::string_view name, bool numbers);

  const nlohmann::json* value_;
  JsonFields* around_ = nullptr;
  std::string name_;  // in around_, or the whole path
  JsonReading& reading_;
  std::vector<std::string> taken_;
  std::unique_ptr<nlohmann::json> put_back_;
};

// Puts what a reader had left over (extra_json) back: objects are merged, what is there stays.
void merge_extra(nlohmann::json& into, const std::string& extra_json);

}  // namespace podramp
