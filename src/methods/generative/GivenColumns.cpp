#include "methods/generative/GivenColumns.hpp"

#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/input/DataFile.hpp"

namespace weir {

void describe_given(Section& section, GivenColumns& options, const char* mover) {
  section.option("columns", options.columns, "columns [a, b) that are given, counted from 0").at_least(0);
  section.section("file", options.file,
                  "rows of the given columns alone; by default those of the held-out rows", "path");
  section.option("steps", options.steps, mover).at_least(1);
  if (!section.reading()) return;
  if (!options.columns) section.error("columns", "missing; give the known columns, [a, b], half-open");
  if (options.columns && (*options.columns)[0] >= (*options.columns)[1])
    section.error("columns", "found no column; allowed: [a, b] with a < b, half-open");
}

void check_given_file(const GivenColumns& options, const std::string& where) {
  if (!options.file) return;
  const auto [first, end] = *options.columns;
  const Index columns = open_data(*options.file)->columns();
  if (columns != end - first)
    throw InputError(
        where + ".generate.given.file",
        fmt::format("has {} columns, and {} are given; choose as many by `columns`", columns, end - first));
}

Ensemble rows_with_given(const GivenColumns& options, const Ensemble& held_out, const std::string& where,
                         const RunOptions& run) {
  if (!options.file) return copy_of(held_out);
  GenerativeDataOptions source;
  source.source = *options.file;
  source.where = where + ".generate.given";
  const LabelledRows known = rows_in_order(source, held_out.comm, run);
  Ensemble rows(held_out.comm, known.rows.particles(), held_out.components(), run.tile);
  const auto [first, end] = *options.columns;
  Kokkos::deep_copy(Kokkos::subview(rows.x, Kokkos::pair<Index, Index>(first, end), Kokkos::ALL),
                    known.rows.x);
  return rows;
}

Real error_of_rest(const GivenColumns& options, const Ensemble& a, const Ensemble& b) {
  const auto [first, end] = *options.columns;
  const Index d = a.components();
  const Real before = first > 0 ? root_mean_square(a, b, 0, first) : 0,
             after = end < d ? root_mean_square(a, b, end, d) : 0;
  return std::sqrt((before * before * Real(first) + after * after * Real(d - end)) / Real(d - end + first));
}

}  // namespace weir
