// Base64 (RFC 4648, with padding), as kubeconfigs hold PEM texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace podramp::live {

// Blanks and line breaks inside are skipped; nullopt for anything that is no base64.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace podramp::live
