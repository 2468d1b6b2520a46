#include "backend/spark_defaults.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "backend/redaction.h"

namespace podramp::backend {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

std::string_view skip_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

// A natural line without its end; "\n", "\r" and "\r\n" all end one.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find_first_of("\r\n");
  const std::string_view line = rest.substr(0, end);
  if (end == std::string_view::npos) {
    rest = {};
    return line;
  }
  const bool pair = rest[end] == '\r' && end + 1 < rest.size() && rest[end + 1] == '\n';
  rest.remove_prefix(end + (pair ? 2 : 1));
  return line;
}

bool continues(std::string_view line) {
  std::size_t slashes = 0;
  while (slashes < line.size() && line[line.size() - 1 - slashes] == '\\') ++slashes;
  return slashes % 2 == 1;
}

void append_utf8(std::string& out, unsigned code) {
  const auto byte = [&](unsigned value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

std::optional<unsigned> four_hex_digits(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  unsigned code = 0;
  for (const char c : text.substr(0, 4)) {
    unsigned digit = 16;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
    if (digit == 16) return std::nullopt;
    code = code * 16 + digit;
  }
  return code;
}

// Backslash escapes of Java properties resolved; nullopt when a \u escape is malformed.
std::optional<std::string> unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    if (++i == text.size()) break;
    switch (text[i]) {
      case 't': result += '\t'; break;
      case 'n': result += '\n'; break;
      case 'r': result += '\r'; break;
      case 'f': result += '\f'; break;
      case 'u': {
        const auto code = four_hex_digits(text.substr(i + 1));
        if (!code) return std::nullopt;
        append_utf8(result, *code);
        i += 4;
        break;
      }
      default: result += text[i];
    }
  }
  return result;
}

// Spark trims spaces and control characters around a value but keeps line ends that were escaped on purpose.
std::string_view trim_except_line_ends(std::string_view text) {
  const auto goes = [](char c) { return static_cast<unsigned char>(c) <= ' ' && c != '\r' && c != '\n'; };
  while (!text.empty() && goes(text.front())) text.remove_prefix(1);
  while (!text.empty() && goes(text.back())) text.remove_suffix(1);
  return text;
}

// Key and value of a logical line, still escaped: the key ends at the first unescaped "=", ":" or blank.
std::pair<std::string_view, std::string_view> split_entry(std::string_view line) {
  std::size_t end = 0;
  while (end < line.size() && !is_blank(line[end]) && line[end] != '=' && line[end] != ':') {
    end += line[end] == '\\' ? 2 : 1;
  }
  end = std::min(end, line.size());
  std::string_view value = skip_blanks(line.substr(end));
  if (!value.empty() && (value.front() == '=' || value.front() == ':')) value = skip_blanks(value.substr(1));
  return {line.substr(0, end), value};
}

class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  SparkDefaults read(std::string_view rest) {
    int line_number = 0;
    while (!rest.empty()) {
      ++line_number;
      std::string_view line = skip_blanks(next_line(rest));
      if (line.empty() || line.front() == '#' || line.front() == '!') continue;
      const int first_line = line_number;
      std::string logical(line);
      while (continues(line)) {
        logical.pop_back();
        if (rest.empty()) break;
        ++line_number;
        line = skip_blanks(next_line(rest));
        logical += line;
      }
      entry(logical, first_line);
    }
    return std::move(result_);
  }

 private:
  void entry(std::string_view logical, int line) {
    const auto [raw_key, raw_value] = split_entry(logical);
    const auto key = unescape(raw_key);
    const auto value = unescape(raw_value);
    if (!key || !value) {
      result_.errors.push_back(
          {file_, line, key.value_or(std::string(raw_key)), "\\u must be followed by four hexadecimal digits"});
      return;
    }
    const std::string trimmed(trim_except_line_ends(*value));
    if (!key->starts_with("spark.")) {
      warn(*key, trimmed, ConfWarningKind::non_spark_key, "Spark reads only keys that begin with \"spark.\"", line);
      return;
    }
    const auto [place, fresh] = result_.places.emplace(*key, ConfPlace{file_, line});
    if (!fresh) {
      warn(*key, trimmed, ConfWarningKind::duplicate,
           fmt::format("given in line {} too; the last one counts", place->second.line), line);
      place->second.line = line;
    }
    result_.conf[*key] = trimmed;
  }

  void warn(const std::string& key, const std::string& value, ConfWarningKind kind, std::string text, int line) {
    result_.warnings.push_back({key, Redactor("").shown(key, value), kind, std::move(text), file_, line});
  }

  std::string file_;
  SparkDefaults result_;
};

}  // namespace

SparkDefaults read_spark_defaults(std::string_view text, const std::string& file) { return Reader(file).read(text); }

}  // namespace podramp::backend
