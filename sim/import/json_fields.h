// Fields of other people's JSON, which may be missing or of another type: then they count as zero, empty or null.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace podramp::sim {

const nlohmann::json& field_of(const nlohmann::json& object, std::string_view name);
std::int64_t whole_of(const nlohmann::json& object, std::string_view name, std::int64_t otherwise = 0);
// Milliseconds or bytes, in [0, 10^13]: what is beyond is no such thing, and sums of them do not overflow.
std::int64_t amount_of(const nlohmann::json& object, std::string_view name);
std::string text_of(const nlohmann::json& object, std::string_view name);
bool flag_of(const nlohmann::json& object, std::string_view name);

}  // namespace podramp::sim
