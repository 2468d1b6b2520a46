// Who may come to a served cluster, and how clients find it: token files, and the kubeconfig that is written for them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "fakeapi/http/front.h"

namespace podramp::sim {

// The API server's own format (--token-auth-file): token,user,uid[,"group1,group2"] a line, and two columns more if the
// token is limited: its namespaces and its verbs. Empty lines and lines that begin with # are skipped. Errors name the
// line, never the token.
Result<std::map<std::string, fakeapi::rest::Caller>> parse_token_file(std::string_view text);

// A kubeconfig with one context. certificate: PEM text of the server's CA or its own certificate, "" for plain HTTP.
std::string kubeconfig_text(const std::string& url, const std::string& certificate, const std::string& token);

// "127.0.0.1:6443", "[::1]:6443", ":6443", "6443" -> address and port; no address: loopback.
struct ListenAddress {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};
Result<ListenAddress> parse_listen_address(std::string_view text);
bool is_loopback(std::string_view address);

}  // namespace podramp::sim
