#include "methods/generative/GivenColumns.hpp"

#include <algorithm>
#include <cmath>

#include "input/ColumnChoice.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/input/DataFile.hpp"

namespace weir {

void describe_given(Section& section, GivenColumns& options, const char* mover) {
  describe_columns(section, options.columns, "columns that are given: ");
  section.section("file", options.file,
                  "rows of the given columns alone; by default those of the held-out rows", "path");
  section.option("steps", options.steps, mover).at_least(1);
  if (!section.reading()) return;
  if (!options.columns) section.error("columns", "missing; give the known columns");
}

std::vector<Index> known_columns(const GivenColumns& options, Index components,
                                 const std::vector<std::string>& names, const std::string& where) {
  const std::string key = where + ".generate.given.columns";
  const auto known = chosen_columns(options.columns, {"the data", key, components, names, -1});
  if (Index(known.size()) == components)
    throw InputError(
        key, fmt::format("found all {} columns; allowed: some, so that others are to be drawn", components));
  return known;
}

void check_given_file(const GivenColumns& options, Index known, const std::string& where) {
  if (!options.file) return;
  const Index columns = open_data(*options.file)->columns();
  if (columns != known)
    throw InputError(
        where + ".generate.given.file",
        fmt::format("has {} columns, and {} are given; choose as many by `columns`", columns, known));
}

void copy_columns(const std::vector<Index>& known, const Ensemble& from, const Ensemble& to) {
  const auto source = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), from.x);
  const auto target = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), to.x);
  for (Index i = 0; i < to.partition.local_particles(); ++i)
    for (const Index c : known) target(c, i) = source(c, i);
  Kokkos::deep_copy(to.x, target);
}

Ensemble rows_with_given(const GivenColumns& options, const std::vector<Index>& known,
                         const Ensemble& held_out, const std::string& where, const RunOptions& run) {
  if (!options.file) return copy_of(held_out);
  const Ensemble found =
      rows_in_order(*options.file, where + ".generate.given.file", held_out.comm, run).rows;
  Ensemble rows(held_out.comm, found.particles(), held_out.components(), run.tile);
  const auto from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), found.x);
  const auto to = Kokkos::create_mirror_view(rows.x);
  for (Index i = 0; i < rows.partition.local_particles(); ++i)
    for (std::size_t k = 0; k < known.size(); ++k) to(known[k], i) = from(Index(k), i);
  Kokkos::deep_copy(rows.x, to);
  return rows;
}

Real error_of_rest(const std::vector<Index>& known, const Ensemble& a, const Ensemble& b) {
  const Index d = a.components();
  const auto is_known = [&](Index c) { return std::find(known.begin(), known.end(), c) != known.end(); };
  Real square = 0;
  for (Index first = 0, end; first < d; first = end + 1) {  // runs of columns between those that are known
    for (end = first; end < d && !is_known(end);) ++end;
    if (end == first) continue;
    const Real error = root_mean_square(a, b, first, end);
    square += error * error * Real(end - first);
  }
  return std::sqrt(square / Real(d - Index(known.size())));
}

}  // namespace weir
