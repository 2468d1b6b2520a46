#include "backend/http/message.h"

#include "backend/http/wire.h"

namespace podramp::http {

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (same_name(key, name)) return value;
  return std::nullopt;
}

}  // namespace podramp::http
