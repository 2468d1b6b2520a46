// "Did you mean": the known key nearest to one that nobody knows, and what to say about famous inventions.
#pragma once

#include <string>
#include <string_view>

namespace podramp::backend {

// The known key or family prefix nearest to `key`, by segments and by edit distance; "" when nothing is near.
std::string nearest_key(std::string_view key);

// One sentence, without a full stop, for a key that is in no table: a specific one for keys that people invent or that
// only pull requests or old versions had (02 5, 5.1), else the nearest key, else "".
std::string hint_for_unknown_key(std::string_view key);

// Levenshtein distance; stops counting at `limit` + 1.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

}  // namespace podramp::backend
