#include "backend/yaml/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace podramp::yaml {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// A number as JSON writes it.
bool is_json_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = skip_digits(text, at);
  if (whole == at || (text[at] == '0' && whole > at + 1)) return false;
  at = whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t end = skip_digits(text, at + 1);
    if (end == at + 1) return false;
    at = end;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t end = skip_digits(text, at);
    if (end == at) return false;
    at = end;
  }
  return at == text.size();
}

YamlKind kind_of_plain(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return YamlKind::null;
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return YamlKind::boolean;
  }
  return is_json_number(text) ? YamlKind::number : YamlKind::text;
}

class Converter {
 public:
  Converter(YamlText& result, std::string_view file) : result_(result), file_(file) {}

  YamlValue convert(const YAML::Node& node, int depth) {
    YamlValue value;
    value.line = std::max(node.Mark().line, -1) + 1;
    if (too_much(value, depth)) return value;
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null: break;
      case YAML::NodeType::Scalar: scalar(node, value); break;
      case YAML::NodeType::Sequence:
        value.kind = YamlKind::list;
        for (const auto& item : node) value.items.push_back(convert(item, depth + 1));
        break;
      case YAML::NodeType::Map: members(node, value, depth); break;
    }
    return value;
  }

 private:
  bool too_much(const YamlValue& value, int depth) {
    if (stopped_) return true;
    if (depth > kYamlDepthMax) stop(value.line, fmt::format("is nested more than {} deep", kYamlDepthMax));
    if (++count_ > kYamlValuesMax) stop(value.line, fmt::format("holds more than {} values", kYamlValuesMax));
    return stopped_;
  }

  void stop(int line, std::string why) {
    stopped_ = true;
    error(line, "", std::move(why));
  }

  void error(int line, std::string path, std::string why) {
    result_.errors.push_back({file_, line, std::move(path), std::move(why)});
  }

  static void scalar(const YAML::Node& node, YamlValue& value) {
    value.text = node.Scalar();
    const bool plain = node.Tag() == "?" || node.Tag().empty();
    value.kind = plain ? kind_of_plain(value.text) : YamlKind::text;
  }

  void members(const YAML::Node& node, YamlValue& value, int depth) {
    value.kind = YamlKind::map;
    std::set<std::string> seen;
    for (const auto& member : node) {
      if (stopped_) return;
      if (!member.first.IsScalar()) {
        error(value.line, "", "a key must be a plain text");
        continue;
      }
      const std::string key = member.first.Scalar();
      const int line = member.first.Mark().line + 1;
      if (!seen.insert(key).second) {
        error(line, key, "is given twice");
        continue;
      }
      YamlValue item = convert(member.second, depth + 1);
      item.key = key;
      item.line = line;
      value.items.push_back(std::move(item));
    }
  }

  YamlText& result_;
  std::string file_;
  std::size_t count_ = 0;
  bool stopped_ = false;
};

void write_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void write_json(std::string& out, const YamlValue& value) {
  const char* separator = "";
  switch (value.kind) {
    case YamlKind::null: out += "null"; return;
    case YamlKind::boolean: out += value.text.front() == 't' || value.text.front() == 'T' ? "true" : "false"; return;
    case YamlKind::number: out += value.text; return;
    case YamlKind::text: write_text(out, value.text); return;
    case YamlKind::list:
      out += '[';
      for (const YamlValue& item : value.items) {
        out += separator;
        write_json(out, item);
        separator = ",";
      }
      out += ']';
      return;
    case YamlKind::map: {
      std::map<std::string_view, const YamlValue*> sorted;
      for (const YamlValue& item : value.items) sorted.emplace(item.key, &item);
      out += '{';
      for (const auto& [key, item] : sorted) {
        out += separator;
        write_text(out, key);
        out += ':';
        write_json(out, *item);
        separator = ",";
      }
      out += '}';
    }
  }
}

// Reads a text without keeping anything of it.
class Skimmer final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// yaml-cpp finds documents without end in some broken texts (a stray bracket or brace), and LoadAll keeps them all.
bool has_too_many_documents(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Skimmer skimmer;
  for (std::size_t i = 0; i <= kYamlDocumentsMax; ++i) {
    if (!parser.HandleNextDocument(skimmer)) return false;
  }
  return true;
}

}  // namespace

const YamlValue* YamlValue::find(std::string_view name) const {
  const auto it = std::ranges::find(items, name, &YamlValue::key);
  return kind != YamlKind::map || it == items.end() ? nullptr : &*it;
}

YamlText parse_yaml(std::string_view text, std::string_view file) {
  YamlText result;
  const std::string whole(text);
  try {
    if (has_too_many_documents(whole)) {
      result.errors.push_back(
          {std::string(file), 0, "", fmt::format("not YAML: more than {} documents", kYamlDocumentsMax)});
      return result;
    }
    for (const YAML::Node& document : YAML::LoadAll(whole)) {
      if (document.IsDefined() && !document.IsNull()) {
        result.documents.push_back(Converter(result, file).convert(document, 0));
      }
    }
  } catch (const YAML::Exception& e) {
    const int line = e.mark.is_null() ? 0 : e.mark.line + 1;
    const std::string column = e.mark.is_null() ? "" : fmt::format(" (column {})", e.mark.column + 1);
    result.errors.push_back({std::string(file), line, "", fmt::format("not YAML: {}{}", e.msg, column)});
  }
  if (!result.errors.empty()) result.documents.clear();
  return result;
}

std::string to_json(const YamlValue& value) {
  std::string out;
  write_json(out, value);
  return out;
}

std::string describe(const YamlValue& value) {
  switch (value.kind) {
    case YamlKind::null: return "nothing";
    case YamlKind::boolean: return value.text;
    case YamlKind::number: return "the number " + value.text;
    case YamlKind::text: return fmt::format("the string \"{}\"", value.text);
    case YamlKind::list: return "a list";
    case YamlKind::map: return "an object";
  }
  return "";
}

}  // namespace podramp::yaml
