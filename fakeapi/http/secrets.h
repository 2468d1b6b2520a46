// Where the values of Secrets stay: the store, its facts and the log see a name for each value instead of the value,
// and clients get it back. Nothing of it is ever written anywhere.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "backend/port/time.h"

namespace podramp::fakeapi::rest {

class SecretVault {
 public:
  // data and stringData of a Secret: values become names; stringData moves into data, as the server does it.
  void conceal(nlohmann::json& secret, TimeUs now);
  void reveal(nlohmann::json& secret) const;
  // Now and then: values that no Secret has any more, nor one that is on its way, go. each_secret calls its argument
  // with every Secret of the store.
  void forget_gone(TimeUs now,
                   const std::function<void(const std::function<void(const nlohmann::json&)>&)>& each_secret);

 private:
  struct Value {
    std::string text;
    TimeUs named_us = 0;  // when a client last sent it
  };
  std::map<std::string, Value> values_;  // by name
  std::size_t look_at_ = 1'024;          // values at which to look for those that are gone
};

std::string base64(std::string_view bytes);

}  // namespace podramp::fakeapi::rest
