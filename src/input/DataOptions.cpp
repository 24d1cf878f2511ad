#include "weir/input/DataOptions.hpp"

#include <algorithm>

#include "input/ColumnChoice.hpp"

namespace weir {

void describe(Section& section, LabelOptions& options) {
  section.option("column", options.column,
                 "column of the same file, by its name or its number (counted from 0)");
  section.option("path", options.path, "another file, with one label a row");
  section.option("dataset", options.dataset, "the array in a file of several");
  section.option(
      "select", options.select,
      "only rows of these labels are read: numbers, texts, ranges with their ends (0..7, day2..day10, "
      "24..); none: all rows");
  if (section.reading() && options.column.empty() && options.path.empty() && options.dataset.empty())
    section.error("column", "missing; allowed: column (of the same file), path (of another file) or dataset");
  if (section.reading() && !options.column.empty() && !(options.path.empty() && options.dataset.empty()))
    section.error(
        "column",
        "found beside path or dataset; allowed: either a column of the same file, or another table");
}

void describe(Section& section, DataOptions& options) {
  if (section.reading()) {
    options.key_path = section.path();
    options.shared = std::make_shared<std::shared_ptr<DataFile>>();
  }
  section.option("path", options.path, ".npy, .npz, .csv, .h5, .h5ad or IDX file, gzipped or not");
  section.option("paths", options.paths,
                 "instead of `path`: several files of the same columns, whose rows follow each other");
  section.option("dataset", options.dataset, "the array in a file of several (.npz, .h5, .h5ad)");
  describe_columns(section, options.columns,
                   "by default all but that of the labels, which ranges pass over; ");
  section.option("scale", options.scale, "value = scale * raw + shift; not 0");
  section.option("shift", options.shift, "value = scale * raw + shift");
  section.section("labels", options.labels,
                  "a label for every row: its class, or the time it was seen at; `select` chooses rows by it",
                  "column");
  if (section.reading() && options.path.empty() && options.paths.empty())
    section.error("path", "missing; allowed: a file, or several under `paths`");
  if (section.reading() && !options.path.empty() && !options.paths.empty())
    section.error("paths", "found beside path; allowed: one of the two");
  const auto& scales = options.scale.values;
  if (section.reading() && std::find(scales.begin(), scales.end(), 0) != scales.end())
    section.error("scale", "found 0, which makes all values equal; allowed: any other number");
}

}  // namespace weir
