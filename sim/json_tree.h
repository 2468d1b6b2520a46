// A JSON text as a tree that remembers where everything was written: the file, and the line of its key. Not a general
// JSON library: it exists so that a person can be told every mistake with its place. Read next: field_reader.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/port/status.h"

namespace podramp::sim {

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

struct JsonValue {
  JsonKind kind = JsonKind::null;
  bool from_option = false;      // given as --set PATH=VALUE: its kind is a guess, its text is what was typed
  int source = 0;                // index in Reading::sources
  int line = 0;                  // of its key; of itself in a list; 0 when unknown
  std::string key;               // its name in the object around it
  std::string text;              // of a string; a number, true or false as written
  std::vector<JsonValue> items;  // of a list; the members of an object as written

  // The member of that name, or nullptr. Not for values that are no objects.
  const JsonValue* find(std::string_view name) const;
  JsonValue* find(std::string_view name);
  bool is_scalar() const { return kind != JsonKind::array && kind != JsonKind::object; }
};

struct ParseOptions {
  int source = 0;
  int depth_max = 32;
  std::vector<std::string_view> skip;  // members of these names are left out wherever they stand
};

struct Parsed {
  JsonValue root;
  FieldErrors errors;   // a syntax error with line and column, or every duplicate key
  bool usable = false;  // root is whole; false after a syntax error
};

// Comments (// and /* */) are allowed. Of duplicate keys the first is kept.
Parsed parse_json(std::string_view file, std::string_view text, const ParseOptions& options);

// What a value is, for "must be a duration (got ...)": `the number 5`, `the string "x"`, `true`, `a list`, `an object`.
std::string describe(const JsonValue& value);

}  // namespace podramp::sim
