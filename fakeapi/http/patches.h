// The three kinds of patch that a client sends, applied to an object as JSON: JSON merge patch (RFC 7386), JSON patch
// (RFC 6902), strategic merge patch (Kubernetes' own: lists are merged by a key). Server-side apply: managed_fields.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "backend/port/status.h"

namespace podramp::fakeapi::rest {

nlohmann::json merge_patched(nlohmann::json object, const nlohmann::json& patch);
// Errors: what is no list of operations, or an operation that cannot be carried out (a test that fails, say).
Result<nlohmann::json> json_patched(const nlohmann::json& object, const nlohmann::json& operations);
nlohmann::json strategic_patched(nlohmann::json object, const nlohmann::json& patch);

// The members by which the items of a list are told apart ("name" of containers); empty: the list is one value.
// item: one of its items, because ports are told apart in two ways.
std::vector<std::string_view> list_keys(std::string_view list, const nlohmann::json& item);
// A list of texts that is a set: finalizers.
bool is_text_set(std::string_view list);

}  // namespace podramp::fakeapi::rest
