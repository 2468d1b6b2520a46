// Replies of the fake API server as HTTP answers, and watch events as lines. Private to front.h's implementation.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fakeapi/http/front.h"

namespace podramp::fakeapi::rest {

class AnswerWriter {
 public:
  AnswerWriter(const Front& front, const Passed& passed, const Scene& scene)
      : front_(front), passed_(passed), scene_(scene) {}

  http::Response write(const ApiReply& reply) const;
  std::string event(const WatchEvent& event) const;

 private:
  nlohmann::json shown(const Pod& pod) const;
  nlohmann::json shown(const Manifest& object) const;
  nlohmann::json scale_of(const Manifest& object) const;
  http::Response list(const ApiReply& reply) const;
  http::Response failure(const ApiReply& reply) const;
  std::string in_form(nlohmann::json object) const;

  const Front& front_;
  const Passed& passed_;
  const Scene& scene_;
};

}  // namespace podramp::fakeapi::rest
