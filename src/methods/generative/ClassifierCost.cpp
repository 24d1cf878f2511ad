#include "methods/generative/ClassifierCost.hpp"

#include <algorithm>

#include "methods/generative/BatchTrainingCost.hpp"
#include "weir/base/Error.hpp"
#include "weir/input/DataFile.hpp"
#include "weir/networks/MlpFlops.hpp"

namespace weir {

namespace {

constexpr Index rows_of_block = 1 << 14;

/// Those of a stripe of the file.
std::set<Real> read_labels(const FileRows& options, const Communicator& comm) {
  const auto file = open_data(options);
  const Index rows = file->rows(), end = rows * (comm.rank() + 1) / comm.size();
  std::set<Real> known;
  for (Index first = rows * comm.rank() / comm.size(); first < end; first += rows_of_block) {
    const Index count = std::min(rows_of_block, end - first);
    std::vector<Real> values(std::size_t(count * file->columns())), labels(std::size_t(count), 0);
    file->read(first, count, values.data(), labels.data());
    add_labels(labels, known);
  }
  return known;
}

Index count_classes(const GenerativeDataOptions& data, const DataShape& shape, const std::string& where,
                    const Communicator& comm) {
  check_labelled(shape.labelled, where);
  std::set<Real> known;
  comm.agree([&] { known = read_labels(std::get<FileRows>(data.source), comm); });
  return Index(classes_of(known, comm, where + ".data").size());
}

}  // namespace

void add_classifier_cost(const GenerationMetricsOptions& options, const GenerativeDataOptions& data,
                         const SplitOptions& split, const std::string& where, const Communicator& comm,
                         const RunOptions& run, std::vector<CostedPart>& parts) {
  if (!options.want_classifier()) return;
  DataShape shape{};
  comm.agree([&] { shape = shape_of(data); });
  const Index classes = count_classes(data, shape, where, comm), d = shape.components;
  const ClassifierOptions& classifier = options.classifier;
  const MlpShape network = classifier.network.shape(d, classes);
  const MlpFlops flops(network);
  Index widths = d + classes;
  for (const Index width : network.hidden) widths += width;
  BatchTrainingShape training;
  training.parameters = Mlp<Real>(network).parameters();
  training.rows = {train_size(shape.rows, split)};
  training.batch = classifier.batch;
  training.clipped = std::get<ParameterRuleOptions>(classifier.rule.rule).clip.has_value();
  training.single = run.single_precision();
  training.memory = Real((run.single_precision() ? Index(sizeof(float)) : real_size) * run.tile * 5 * widths);
  training.row_numbers = 2 * d + 2;
  training.row_flops = flops.value + flops.vjp(true, false);
  const auto seconds = [=](Index tiles) {
    return classifier_iteration_seconds(classifier, d, classes, tiles, run);
  };
  parts.push_back({"classify", std::make_unique<BatchTrainingCost>(training, seconds, run)});
}

}  // namespace weir
