#include "backend/http/wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace podramp::http {
namespace {

constexpr std::array<std::string_view, 4> kServersOwn{"content-length", "date", "connection", "transfer-encoding"};

bool is_token_char(char c) {
  const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter_or_digit || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Payload Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Entity";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

bool has_token(const Headers& headers, std::string_view name, std::string_view token) {
  for (const auto& [key, value] : headers) {
    if (!same_name(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (same_name(trimmed(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

std::string date_text(std::time_t unix_s) {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&unix_s, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays.at(static_cast<std::size_t>(utc.tm_wday)),
                     utc.tm_mday, kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

std::string response_head(int status, const Headers& headers, const HeadOptions& options) {
  const int shown = status >= 100 && status <= 999 ? status : 500;
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", shown, reason_phrase(shown), date_text(std::time(nullptr)));
  for (const auto& [name, value] : headers) {
    const bool ours = std::ranges::any_of(kServersOwn, [&](auto own) { return same_name(own, name); });
    if (ours || name.empty() || !std::ranges::all_of(name, is_token_char)) continue;
    text.append(name).append(": ");
    for (const char c : value) text += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? ' ' : c;
    text += "\r\n";
  }
  if (options.content_length) text += fmt::format("Content-Length: {}\r\n", *options.content_length);
  if (options.chunked) text += "Transfer-Encoding: chunked\r\n";
  if (!options.keep_alive) text += "Connection: close\r\n";
  if (options.keep_alive && options.http10) text += "Connection: keep-alive\r\n";
  return text += "\r\n";
}

std::string chunk_text(std::string_view bytes) {
  if (bytes.empty()) return "";
  std::string text = fmt::format("{:x}\r\n", bytes.size());
  text.reserve(text.size() + bytes.size() + 2);
  return text.append(bytes).append("\r\n");
}

}  // namespace podramp::http
