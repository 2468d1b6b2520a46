#include "backend/yaml/manifest_fields.h"

#include <fmt/format.h>

#include <charconv>

namespace podramp::yaml {

void Faults::add(int line, std::string path, std::string message) {
  errors.push_back({file, line, std::move(path), std::move(message)});
}

ManifestFields::ManifestFields(const YamlValue* value, std::string path, Faults& faults)
    : value_(value), path_(std::move(path)), faults_(faults) {
  if (value_ == nullptr || value_->kind == YamlKind::map) return;
  faults_.add(value_->line, path_, fmt::format("must be an object (got {})", describe(*value_)));
  value_ = nullptr;
}

std::string ManifestFields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void ManifestFields::error(const YamlValue& at, std::string_view name, std::string message) {
  faults_.add(at.line, path_of(name), std::move(message));
}

const YamlValue* ManifestFields::take(std::string_view name) {
  taken_.emplace(name);
  const YamlValue* member = value_ == nullptr ? nullptr : value_->find(name);
  return member == nullptr || member->kind == YamlKind::null ? nullptr : member;
}

std::string ManifestFields::text(std::string_view name) {
  const YamlValue* member = take(name);
  if (member == nullptr) return "";
  if (member->is_scalar()) return member->text;
  error(*member, name, fmt::format("must be a text (got {})", describe(*member)));
  return "";
}

bool ManifestFields::flag(std::string_view name) {
  const YamlValue* member = take(name);
  if (member == nullptr) return false;
  if (member->text == "true" || member->text == "false") return member->text == "true";
  error(*member, name, fmt::format("must be true or false (got {})", describe(*member)));
  return false;
}

std::optional<std::int64_t> ManifestFields::whole(std::string_view name) {
  const YamlValue* member = take(name);
  if (member == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const char* end = member->text.data() + member->text.size();
  const auto [stop, code] = std::from_chars(member->text.data(), end, number);
  if (member->is_scalar() && !member->text.empty() && code == std::errc{} && stop == end) return number;
  error(*member, name, fmt::format("must be a whole number (got {})", describe(*member)));
  return std::nullopt;
}

std::vector<std::string> ManifestFields::texts(std::string_view name) {
  std::vector<std::string> all;
  each(name, [&](const YamlValue& item, const std::string& path) {
    if (item.is_scalar()) {
      all.push_back(item.kind == YamlKind::null ? "" : item.text);
    } else {
      faults_.add(item.line, path, fmt::format("must be a text (got {})", describe(item)));
    }
  });
  return all;
}

StringMap ManifestFields::map(std::string_view name) {
  StringMap all;
  const YamlValue* member = take(name);
  if (member == nullptr) return all;
  if (member->kind != YamlKind::map) {
    error(*member, name, fmt::format("must be an object (got {})", describe(*member)));
    return all;
  }
  for (const YamlValue& item : member->items) {
    if (item.is_scalar()) {
      all.emplace(item.key, item.kind == YamlKind::null ? "" : item.text);
    } else {
      faults_.add(item.line, fmt::format("{}.{}", path_of(name), item.key),
                  fmt::format("must be a text (got {})", describe(item)));
    }
  }
  return all;
}

void ManifestFields::each(std::string_view name,
                          const std::function<void(const YamlValue&, const std::string& path)>& visit) {
  const YamlValue* member = take(name);
  if (member == nullptr) return;
  if (member->kind != YamlKind::list) {
    error(*member, name, fmt::format("must be a list (got {})", describe(*member)));
    return;
  }
  for (std::size_t i = 0; i < member->items.size(); ++i) {
    visit(member->items[i], fmt::format("{}[{}]", path_of(name), i));
  }
}

void ManifestFields::put_back(std::string_view name, const ManifestFields& nested) {
  YamlValue left = nested.rest();
  if (left.items.empty()) return;
  left.key = std::string(name);
  put_back_.push_back(std::move(left));
}

YamlValue ManifestFields::rest() const {
  YamlValue left;
  left.kind = YamlKind::map;
  left.items = put_back_;
  if (value_ == nullptr) return left;
  left.line = value_->line;
  for (const YamlValue& item : value_->items) {
    if (!taken_.contains(item.key)) left.items.push_back(item);
  }
  return left;
}

std::string ManifestFields::extra() const {
  const YamlValue left = rest();
  return left.items.empty() ? "" : to_json(left);
}

}  // namespace podramp::yaml
