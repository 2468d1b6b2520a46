#include "backend/http/request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "backend/http/asio.h"

namespace podramp::http {
namespace {

namespace beast = boost::beast;

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct RequestReader::Parser {
  beast::http::request_parser<beast::http::string_body> beast;
};

RequestReader::RequestReader(const ServerLimits& limits) : limits_(limits) { take(); }
RequestReader::~RequestReader() = default;

void RequestReader::refuse(int status, std::string why) {
  state_ = State::refused;
  refusal_ = {status, std::move(why)};
}

std::size_t RequestReader::feed(std::string_view bytes) {
  auto& parser = parser_->beast;
  std::size_t used = 0;
  if (state_ == State::head && !parser.got_some()) {
    // An empty line before a request is no harm (RFC 9112, 2.2).
    while (used < bytes.size() && (bytes[used] == '\r' || bytes[used] == '\n')) ++used;
    if (used == bytes.size()) return used;
  }
  while (state_ == State::head || state_ == State::body) {
    const std::string_view rest = bytes.substr(used);
    if (state_ == State::body && parser.chunked()) return used + feed_chunks(rest);
    error_code error;
    const std::size_t taken = parser.put(asio::buffer(rest.data(), rest.size()), error);
    used += taken;
    const std::size_t left = rest.size() - taken;
    if (state_ == State::head) head_bytes_ += taken;
    if (error == beast::http::error::body_limit) {
      refuse(413, fmt::format("the body has more than {} bytes", limits_.body_bytes));
    } else if (error == beast::http::error::header_limit || head_bytes_ > limits_.header_bytes ||
               (state_ == State::head && !parser.is_header_done() && head_bytes_ + left > limits_.header_bytes)) {
      refuse(431, fmt::format("the start line and headers have more than {} bytes", limits_.header_bytes));
    } else if (error && error != beast::http::error::need_more) {
      refuse(400, fmt::format("the request is malformed: {}", error.message()));
    } else {
      if (state_ == State::head && parser.is_header_done()) check_head();
      if (state_ == State::body && parser.is_done()) state_ = State::done;
      if (error || taken == 0) break;
    }
  }
  return used;
}

std::size_t RequestReader::feed_chunks(std::string_view bytes) {
  const std::size_t used = chunks_.feed(bytes);
  switch (chunks_.state()) {
    case ChunkedBody::State::reading: break;
    case ChunkedBody::State::done: state_ = State::done; break;
    case ChunkedBody::State::malformed: refuse(400, fmt::format("the request is malformed: {}", chunks_.why())); break;
    case ChunkedBody::State::too_large:
      refuse(413, fmt::format("the body has more than {} bytes", limits_.body_bytes));
      break;
  }
  return used;
}

// Header is whole: state becomes body or refused.
void RequestReader::check_head() {
  const auto& message = parser_->beast.get();
  is_http10_ = message.version() < 11;
  keeps_alive_ = parser_->beast.keep_alive();
  const auto hosts = message.count(beast::http::field::host);
  if (hosts > 1 || (hosts == 0 && !is_http10_)) {
    return refuse(400, hosts == 0 ? "the request has no Host header" : "the request has several Host headers");
  }
  if (message.count(beast::http::field::transfer_encoding) > 0) {
    if (is_http10_) return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
    if (!parser_->beast.chunked()) return refuse(501, "the only Transfer-Encoding that is understood is chunked");
  }
  const auto expect = message.find(beast::http::field::expect);
  expects_continue_ = !is_http10_ && expect != message.end() && beast::iequals(expect->value(), "100-continue");
  state_ = State::body;
}

Request RequestReader::take() {
  Request request;
  if (parser_ != nullptr) {
    auto& message = parser_->beast.get();
    request.method = text_of(message.method_string());
    request.target = origin_form(text_of(message.target()));
    for (const auto& field : message) {
      request.headers.emplace_back(text_of(field.name_string()), text_of(field.value()));
    }
    request.body = std::move(parser_->beast.chunked() ? chunks_.body() : message.body());
  }
  parser_ = std::make_unique<Parser>();
  parser_->beast.header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(limits_.header_bytes, UINT32_MAX)));
  parser_->beast.body_limit(limits_.body_bytes);
  chunks_ = ChunkedBody(limits_.body_bytes);
  state_ = State::head;
  expects_continue_ = false;
  head_bytes_ = 0;
  return request;
}

std::string origin_form(std::string_view target) {
  const std::string_view scheme = target.substr(0, target.find("://"));
  if (scheme != "http" && scheme != "https") return std::string(target);
  const std::string_view rest = target.substr(scheme.size() + 3);
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  std::string origin(rest.substr(path));
  return origin.starts_with('/') ? origin : "/" + origin;
}

}  // namespace podramp::http
