// json_fields.h.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/import/json_fields.h"

namespace podramp::sim {

const nlohmann::json& field_of(const nlohmann::json& object, std::string_view name) {
  static const nlohmann::json kNothing;
  if (!object.is_object()) return kNothing;
  const auto at = object.find(std::string(name));
  return at == object.end() ? kNothing : *at;
}

std::int64_t whole_of(const nlohmann::json& object, std::string_view name, std::int64_t otherwise) {
  const nlohmann::json& value = field_of(object, name);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return otherwise;
  const double number = value.get<double>();
  return number > -9e15 && number < 9e15 ? static_cast<std::int64_t>(number) : otherwise;
}

std::int64_t amount_of(const nlohmann::json& object, std::string_view name) {
  return std::clamp<std::int64_t>(whole_of(object, name), 0, 10'000'000'000'000);
}

std::string text_of(const nlohmann::json& object, std::string_view name) {
  const nlohmann::json& value = field_of(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

bool flag_of(const nlohmann::json& object, std::string_view name) {
  const nlohmann::json& value = field_of(object, name);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace podramp::sim
