// Where the values of Secrets stay: the store, its facts and the log see a name for each value instead of the value,
// and clients get it back. Nothing of it is ever written anywhere.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace podramp::fakeapi::rest {

class SecretVault {
 public:
  // data and stringData of a Secret: values become names; stringData moves into data, as the server does it.
  void conceal(nlohmann::json& secret);
  void reveal(nlohmann::json& secret) const;

 private:
  std::map<std::string, std::string> values_;  // by name
};

std::string base64(std::string_view bytes);

}  // namespace podramp::fakeapi::rest
