// Rows of which some columns are known, and the others are drawn: `given: {columns: [0, x, 5..8], file: ..}`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "methods/generative/Data.hpp"

namespace weir {

struct GivenColumns {
  std::optional<std::vector<IndexOrWord>> columns;  ///< chosen as in `data.file`
  std::optional<FileRows> file;                     ///< rows that have the given columns; else held-out rows
  Index steps;

  explicit GivenColumns(Index usual_steps) : steps(usual_steps) {}
};
/// `mover`: what moves in each of `steps`.
void describe_given(Section& section, GivenColumns& options, const char* mover);

/// Not collective: numbers of the columns that are given, in the order in which the deck names them. `names`:
/// of the data's columns, or none. Throws InputError where they are not there, are named twice, or are all.
/// `where`: the method's section.
std::vector<Index> known_columns(const GivenColumns& options, Index components,
                                 const std::vector<std::string>& names, const std::string& where);

/// Not collective. Throws InputError where the file has not as many columns as are known.
void check_given_file(const GivenColumns& options, Index known, const std::string& where);

/// Collective: the rows, in the order of the file; columns that are not given are 0 there. Without a file, a
/// copy of the held-out rows.
Ensemble rows_with_given(const GivenColumns& options, const std::vector<Index>& known,
                         const Ensemble& held_out, const std::string& where, const RunOptions& run);

/// Not collective: the known columns of `from` in place of those of `to`.
void copy_columns(const std::vector<Index>& known, const Ensemble& from, const Ensemble& to);

/// Collective: the root mean square of a - b over the columns that are not given.
Real error_of_rest(const std::vector<Index>& known, const Ensemble& a, const Ensemble& b);

}  // namespace weir
