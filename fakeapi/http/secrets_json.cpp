// Values of Secrets, concealed and revealed (secrets.h).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "backend/port/random.h"
#include "fakeapi/http/secrets.h"

namespace podramp::fakeapi::rest {

using nlohmann::json;

namespace {

constexpr DurationUs kOnItsWayUs = 10 * kMinuteUs;  // a request takes less

}  // namespace

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t here = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < here ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) out += k <= here ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

void SecretVault::conceal(json& secret, TimeUs now) {
  if (!secret.is_object()) return;
  if (const auto plain = secret.find("stringData"); plain != secret.end() && plain->is_object()) {
    const json texts = *plain;
    secret.erase("stringData");
    if (!secret.contains("data") || !secret["data"].is_object()) secret["data"] = json::object();
    for (const auto& [key, value] : texts.items()) {
      if (value.is_string()) secret["data"][key] = base64(value.get<std::string>());
    }
  }
  const auto data = secret.find("data");
  if (data == secret.end() || !data->is_object()) return;
  for (auto& [key, value] : data->items()) {
    if (!value.is_string()) continue;
    const std::string text = value.get<std::string>();
    if (values_.contains(text)) continue;  // concealed already
    // Equal values have equal names, so that writing the same again changes nothing.
    const std::string name = fmt::format("hidden-{:016x}-{}", hash_text(text), text.size());
    values_.insert_or_assign(name, Value{text, now});
    value = name;
  }
}

void SecretVault::reveal(json& secret) const {
  const auto data = secret.find("data");
  if (data == secret.end() || !data->is_object()) return;
  for (auto& [key, value] : data->items()) {
    if (!value.is_string()) continue;
    const auto it = values_.find(value.get<std::string>());
    if (it != values_.end()) value = it->second.text;
  }
}

void SecretVault::forget_gone(TimeUs now,
                              const std::function<void(const std::function<void(const json&)>&)>& each_secret) {
  if (values_.size() < look_at_) return;
  std::set<std::string> held;
  each_secret([&](const json& secret) {
    const auto data = secret.find("data");
    if (data == secret.end() || !data->is_object()) return;
    for (const auto& [key, value] : data->items()) {
      if (value.is_string()) held.insert(value.get<std::string>());
    }
  });
  std::erase_if(values_, [&](const auto& value) {
    return value.second.named_us + kOnItsWayUs < now && !held.contains(value.first);
  });
  look_at_ = std::max<std::size_t>(1'024, 2 * values_.size());
}

}  // namespace podramp::fakeapi::rest
