#include "sim/serve_access.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "fakeapi/http/secrets.h"

namespace podramp::sim {
namespace {

// Fields of a CSV line; quotes keep commas together.
std::vector<std::string> csv_fields(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

Result<std::map<std::string, fakeapi::rest::Caller>> parse_token_file(std::string_view text) {
  std::map<std::string, fakeapi::rest::Caller> tokens;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = next_line(text);
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> fields = csv_fields(line);
    if (fields.size() < 3 || fields[0].empty() || fields[1].empty()) {
      return tl::unexpected(Error{fmt::format("line {}: token,user,uid[,\"group1,group2\"] is expected", number)});
    }
    fakeapi::rest::Caller caller;
    caller.user = fields[1];
    if (fields.size() > 3) {
      for (std::string& group : csv_fields(fields[3])) caller.groups.push_back(std::move(group));
    }
    if (fields.size() > 4 && !fields[4].empty()) caller.namespaces = csv_fields(fields[4]);
    if (fields.size() > 5 && !fields[5].empty()) caller.verbs = csv_fields(fields[5]);
    if (!tokens.emplace(fields[0], std::move(caller)).second) {
      return tl::unexpected(Error{fmt::format("line {}: this token stands in the file twice", number)});
    }
  }
  if (tokens.empty()) return tl::unexpected(Error{"it holds no token"});
  return tokens;
}

std::string kubeconfig_text(const std::string& url, const std::string& certificate, const std::string& token) {
  std::string text =
      fmt::format("apiVersion: v1\nkind: Config\nclusters:\n- name: podramp\n  cluster:\n    server: {}\n", url);
  if (!certificate.empty()) {
    text += fmt::format("    certificate-authority-data: {}\n", fakeapi::rest::base64(certificate));
  }
  text += "users:\n- name: podramp\n  user:";
  text += token.empty() ? " {}\n" : fmt::format("\n    token: \"{}\"\n", token);
  text += "contexts:\n- name: podramp\n  context:\n    cluster: podramp\n    user: podramp\ncurrent-context: podramp\n";
  return text;
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress listen;
  const std::size_t colon = text.rfind(':');
  std::string_view port = text;
  if (colon != std::string_view::npos) {
    std::string_view address = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
    if (!address.empty()) listen.address = std::string(address);
  }
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), listen.port);
  if (port.empty() || code != std::errc{} || end != port.data() + port.size()) {
    return tl::unexpected(Error{fmt::format("\"{}\": ADDRESS:PORT is expected, like 127.0.0.1:6443", text)});
  }
  return listen;
}

bool is_loopback(std::string_view address) {
  return address == "localhost" || address == "::1" || address.starts_with("127.");
}

}  // namespace podramp::sim
