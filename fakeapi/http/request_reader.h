// What one HTTP request for a resource means: verb, object, selectors, options and body as an ApiRequest; or the answer
// that it gets at once, because it cannot be understood. Private to front.h's implementation.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "fakeapi/http/front.h"

namespace podramp::fakeapi::rest {

class RequestReader {
 public:
  RequestReader(Front& front, const http::Request& request, const RequestTarget& target, const ResourcePath& path,
                const Scene& scene)
      : front_(front), http_(request), target_(target), path_(path), scene_(scene) {}

  Verdict read();

 private:
  Verdict read_get();
  Verdict read_post();
  Verdict read_put();
  Verdict read_patch();  // patch_reader_json.cpp
  Verdict read_delete();
  Verdict read_scale();
  LogAsked read_log() const;

  // Each is nullopt when all is well, else the answer.
  std::optional<http::Response> read_selectors();
  std::optional<http::Response> read_list_options();
  std::optional<http::Response> read_body(nlohmann::json& body) const;
  std::optional<http::Response> decode(nlohmann::json body);  // into passed_.request
  std::optional<http::Response> read_number(const char* name, std::optional<std::int64_t>& into) const;
  http::Response bad_request(std::string message) const;

  // patch_reader_json.cpp
  nlohmann::json stored() const;  // null: there is no such object
  std::string stored_uid() const;
  Verdict apply(const nlohmann::json& config, nlohmann::json object);
  Verdict patched(const nlohmann::json& before, nlohmann::json after);
  Verdict resized(const nlohmann::json& after);
  FieldManager manager(bool applies) const;
  void note_fields(const nlohmann::json& before, const nlohmann::json& after);

  void fill_defaults(nlohmann::json& body) const;
  bool is_pod() const { return path_.resource->kind == Kind::pod; }

  Front& front_;
  const http::Request& http_;
  const RequestTarget& target_;
  const ResourcePath& path_;
  const Scene& scene_;
  Passed passed_;
};

// The body of a request as a tree, from JSON or YAML; the answer when it is neither.
std::optional<http::Response> tree_of(const http::Request& request, nlohmann::json& tree);

}  // namespace podramp::fakeapi::rest
