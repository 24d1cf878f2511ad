#include "methods/generative/Data.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/input/DataFile.hpp"

namespace weir {

namespace {

/// Synthetic sets of one deck are this far apart: a set's fresh draws lie between.
constexpr Index draws_of_set = 1 << 16;

}  // namespace

void describe(Section& section, FileRows& options) {
  describe(section, static_cast<DataOptions&>(options));
  section.option(
      "period", options.period,
      "of columns that are angles, a number or one for each: values are brought into [-period / 2, "
      "period / 2); 0: a column that is none");
  const auto& periods = options.period.values;
  if (section.reading() && std::any_of(periods.begin(), periods.end(), [](Real p) { return p < 0; }))
    section.error("period", "found a negative number; allowed: at least 0");
}

void describe(Section& section, GenerativeDataOptions& options) {
  if (section.reading()) options.where = section.path();
  section.one_of(options.source, "the rows to learn from");
}

DataShape shape_of(const FileRows& rows, const std::string& key) {
  const auto file = open_data(rows);
  rows.period.resolve(file->columns(), key + ".period");
  return {file->rows(), file->columns(), file->column_names(), file->has_labels()};
}

DataShape shape_of(const GenerativeDataOptions& options) {
  if (const auto* synthetic = std::get_if<SyntheticData>(&options.source)) {
    draw_synthetic(*synthetic, 0, 0, 1, 0, 0);  // whether scale and shift fit
    return {synthetic->options().count, synthetic->options().components(), {}, false};
  }
  return shape_of(std::get<FileRows>(options.source), options.where + ".file");
}

GenerativeDataOptions smaller(GenerativeDataOptions options, Index rows) {
  if (auto* synthetic = std::get_if<SyntheticData>(&options.source)) {
    Index& count = std::get<SyntheticOptions>(synthetic->set).count;
    count = std::min(count, rows);
  }
  return options;
}

void close_files(const GenerativeDataOptions& options) {
  if (const auto* file = std::get_if<FileRows>(&options.source)) close_data(*file);
}

namespace {

/// Every value of a column with a period is brought into [-period / 2, period / 2).
void wrap(const std::vector<Real>& periods, std::vector<Real>& values) {
  for (std::size_t k = 0; k < values.size(); ++k)
    if (const Real period = periods[k % periods.size()]; period > 0)
      values[k] -= period * std::floor(values[k] / period + 0.5);
}

/// This rank's stripe of the source: rows of `components` numbers, and a label after each where there are
/// some.
std::vector<Real> read_rows(const FileRows& options, const std::string& key, const DataShape& shape,
                            Index first, Index count) {
  const auto file = open_data(options);
  const Index d = shape.components;
  std::vector<Real> values(std::size_t(count * d)), labels(std::size_t(shape.labelled ? count : 0));
  if (count > 0) file->read(first, count, values.data(), shape.labelled ? labels.data() : nullptr);
  for (Index i = 0; i < count; ++i)
    for (Index c = 0; c < d; ++c)
      if (!std::isfinite(values[std::size_t(i * d + c)]))
        throw InputError(
            key, fmt::format("row {} has a value that is not finite in column {}: remove the row, or choose "
                             "other columns",
                             first + i, c));
  wrap(options.period.resolve(d, key + ".period"), values);
  if (!shape.labelled) return values;
  std::vector<Real> rows;
  rows.reserve(std::size_t(count * (d + 1)));
  for (Index i = 0; i < count; ++i) {
    rows.insert(rows.end(), &values[std::size_t(i * d)], &values[std::size_t(i * d)] + d);
    rows.push_back(labels[std::size_t(i)]);
  }
  return rows;
}

std::vector<Real> read_stripe(const GenerativeDataOptions& options, const DataShape& shape,
                              const RunOptions& run, Index draw, Index first, Index count) {
  if (const auto* synthetic = std::get_if<SyntheticData>(&options.source))
    return draw_synthetic(*synthetic, run.seed, draw, shape.rows, first, count);
  return read_rows(std::get<FileRows>(options.source), options.where + ".file", shape, first, count);
}

}  // namespace

LabelledRows rows_in_order(const FileRows& file, const std::string& key, const Communicator& comm,
                           const RunOptions& run) {
  DataShape shape;
  comm.agree([&] { shape = shape_of(file, key); });
  const Index d = shape.components, columns = d + Index(shape.labelled);
  const Ensemble all(comm, shape.rows, columns, run.tile);
  comm.agree([&] {
    const auto rows = read_rows(file, key, shape, all.partition.first_row(), all.partition.local_rows());
    const auto host = Kokkos::create_mirror_view(all.x);
    for (Index i = 0; i < all.partition.local_rows(); ++i)
      for (Index c = 0; c < columns; ++c) host(c, i) = rows[std::size_t(i * columns + c)];
    Kokkos::deep_copy(all.x, host);
  });
  LabelledRows found{components_of(all, 0, d), {}};
  if (shape.labelled) found.labels = components_of(all, d, d + 1);
  return found;
}

Data make_data(const GenerativeDataOptions& options, const SplitOptions& split, const Communicator& comm,
               const RunOptions& run, Index tile_rows, Index set) {
  DataShape shape;
  comm.agree([&] { shape = shape_of(options); });
  const Index train = train_size(shape.rows, split);
  if (train < 2 || (split.test > 0 && train == shape.rows))
    throw InputError(
        options.where,
        fmt::format("has {} row{}, of which {} would be for training and {} for testing; give more "
                    "rows, or another `split.test`",
                    shape.rows, shape.rows == 1 ? "" : "s", train, shape.rows - train));
  RunOptions cut = run;
  cut.tile = tile_rows;
  const Index columns = shape.components + Index(shape.labelled);
  Splitter splitter({shape.rows}, columns, split, false, comm, cut, options.where);
  const Partition stripes(comm, shape.rows, run.tile);
  std::vector<Real> rows;
  comm.agree([&] {
    rows = read_stripe(options, shape, run, set * draws_of_set, stripes.first_row(), stripes.local_rows());
  });
  for (Index i = 0; i < stripes.local_rows(); ++i)
    splitter.send(0, stripes.first_row() + i, &rows[std::size_t(i * columns)]);
  splitter.deliver();
  Data data{splitter.train().front(), splitter.test().front(), {}, {}, shape.columns, {}};
  if (shape.labelled) {
    const Index d = shape.components;
    data.train_labels = components_of(data.train, d, d + 1);
    data.test_labels = components_of(data.test, d, d + 1);
    data.train = components_of(data.train, 0, d);
    data.test = components_of(data.test, 0, d);
  }
  if (const auto* synthetic = std::get_if<SyntheticData>(&options.source))
    data.fresh = [source = *synthetic, comm, run, set](Index count, Index draw) {
      return synthetic_ensemble(source, comm, run, set * draws_of_set + 1 + draw, count);
    };
  return data;
}

}  // namespace weir
