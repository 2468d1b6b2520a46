// How a plain struct says what its fields are, once, for every reader and writer.
//
// A struct that goes into the log has
//     static void fields(auto& visit, auto& self) { visit("pod", self.pod); visit("node", self.node); }
// JsonWriter (json_writer.h) and JsonReader (event_json.cpp) visit the same list, so they cannot drift apart.
// An enum that goes into the log specialises EnumText with its names in order.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace podramp {

template <class E>
struct EnumText;  // static constexpr std::array<std::string_view, N> names, indexed by the enum's value

template <class E>
concept NamedEnum = std::is_enum_v<E> && requires {
  EnumText<E>::names.size();
};

template <NamedEnum E>
constexpr std::string_view to_text(E value) {
  return EnumText<E>::names.at(static_cast<std::size_t>(value));
}

template <NamedEnum E>
constexpr std::optional<E> from_text(std::string_view text) {
  for (std::size_t i = 0; i < EnumText<E>::names.size(); ++i) {
    if (EnumText<E>::names[i] == text) return static_cast<E>(i);
  }
  return std::nullopt;
}

namespace detail {
struct AnyVisitor {
  void operator()(std::string_view, auto&) {}
};
}  // namespace detail

template <class T>
concept HasFields = requires(detail::AnyVisitor visit, T& self) {
  std::remove_const_t<T>::fields(visit, self);
};

}  // namespace podramp
