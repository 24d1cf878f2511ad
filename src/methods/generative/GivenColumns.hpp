// Rows of which some columns are known, and the others are drawn: `given: {columns: [a, b], file: ..}`.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "methods/generative/Data.hpp"

namespace weir {

struct GivenColumns {
  std::optional<std::array<Index, 2>> columns;  ///< half-open
  std::optional<FileRows> file;                 ///< rows that have the given columns; else held-out rows
  Index steps;

  explicit GivenColumns(Index usual_steps) : steps(usual_steps) {}
};
/// `mover`: what moves in each of `steps`.
void describe_given(Section& section, GivenColumns& options, const char* mover);

/// Not collective. Throws InputError where the file has not the given columns. `where`: the method's section.
void check_given_file(const GivenColumns& options, const std::string& where);

/// Collective: the rows, in the order of the file; columns that are not given are 0 there. Without a file, a
/// copy of the held-out rows.
Ensemble rows_with_given(const GivenColumns& options, const Ensemble& held_out, const std::string& where,
                         const RunOptions& run);

/// Collective: the root mean square of a - b over the columns that are not given.
Real error_of_rest(const GivenColumns& options, const Ensemble& a, const Ensemble& b);

}  // namespace weir
