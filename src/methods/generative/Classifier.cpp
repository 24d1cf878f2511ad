#include "methods/generative/Classifier.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/flows/Batches.hpp"
#include "weir/parallel/ActiveTiles.hpp"
#include "weir/parallel/Counters.hpp"
#include "weir/parallel/TileSum.hpp"
#include "weir/performance/StepTimer.hpp"
#include "weir/training/ParameterBlocks.hpp"
#include "weir/training/TrainedParameters.hpp"
#include "weir/training/TrainingRun.hpp"

namespace weir {

namespace {

constexpr Index most_classes = 1000, network_key = 3;
constexpr Real sure_from = 0.9;

}  // namespace

ClassifierOptions::ClassifierOptions() {
  network.hidden = {128, 32};
  network.activation = "relu";
  ParameterRuleOptions adam;
  adam.rate = 2e-3;
  adam.schedule = "cosine";
  rule.rule = adam;
}

void describe(Section& section, ClassifierOptions& options) {
  section.section("network", options.network, "of a row, for the logits of its classes");
  section.section("rule", options.rule, "how it descends");
  section.option("epochs", options.epochs, "passes over the training rows").at_least(1);
  section.option("batch", options.batch, "rows an iteration, rounded to whole tiles").at_least(1);
}

std::vector<Real> classes_of(const Ensemble& labels, const std::string& where) {
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), labels.x);
  std::set<Real> known;
  add_labels({host.data(), host.data() + labels.partition.local_particles()}, known);
  return classes_of(known, labels.comm, where);
}

void add_labels(const std::vector<Real>& labels, std::set<Real>& known) {
  // One more than is allowed will do to see that there are too many.
  for (const Real label : labels)
    if (Index(known.size()) <= most_classes) known.insert(label);
}

std::vector<Real> classes_of(const std::set<Real>& known, const Communicator& comm,
                             const std::string& where) {
  const std::vector<Real> own(known.begin(), known.end());
  const auto bytes = comm.all_gather(own.data(), Index(own.size() * sizeof(Real)));
  std::vector<Real> all(bytes.size() / sizeof(Real));
  if (!all.empty()) std::memcpy(all.data(), bytes.data(), bytes.size());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (all.size() < 2 || Index(all.size()) > most_classes)
    throw InputError(where,
                     fmt::format("the labels of the rows have {}{} distinct values; a classifier takes "
                                 "2 to {}: choose another column for `labels`",
                                 Index(all.size()) > most_classes ? "more than " : "",
                                 std::min(Index(all.size()), most_classes), most_classes));
  return all;
}

namespace {

/// The number of each particle's class.
Vector<Index> class_numbers(const Ensemble& labels, const std::vector<Real>& classes) {
  const Index count = labels.partition.local_particles();
  const auto host_labels = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), labels.x);
  const Vector<Index> numbers("Weir::class_numbers", count);
  const auto host = Kokkos::create_mirror_view(numbers);
  for (Index i = 0; i < count; ++i)
    host(i) = std::lower_bound(classes.begin(), classes.end(), host_labels(0, i)) - classes.begin();
  Kokkos::deep_copy(numbers, host);
  return numbers;
}

/// out = probabilities of the logits that it holds, column by column.
template <class T>
void replace_by_softmax(const Matrix<T>& out, Index count) {
  const Index classes = Index(out.extent(0));
  Kokkos::parallel_for(
      "Weir::Classifier::softmax", Range(0, count), KOKKOS_LAMBDA(Index i) {
        T largest = out(0, i), sum = 0;
        for (Index c = 1; c < classes; ++c) largest = out(c, i) > largest ? out(c, i) : largest;
        for (Index c = 0; c < classes; ++c) sum += out(c, i) = exp(out(c, i) - largest);
        for (Index c = 0; c < classes; ++c) out(c, i) /= sum;
      });
  Kokkos::fence();
}

/// The mean cross-entropy of batches of rows (mean 0, deviation 1), descended by the network.
template <class T>
class ClassifierTraining : public Flow {
 public:
  ClassifierTraining(const ClassifierOptions& options, const MlpShape& shape, const Ensemble& rows,
                     const Vector<Index>& numbers, Index seed)
      : rows_(rows),
        numbers_(numbers),
        batches_({rows.partition.tiles()}, strata_of(options.batch, rows.partition.tile_size()), seed),
        active_(rows.partition),
        network_(shape),
        tape_(network_, rows.partition.tile_size(), Purpose::gradient),
        theta_(rows.comm, seed),
        x_("Weir::ClassifierTraining::x", shape.inputs, rows.partition.tile_size()),
        out_("Weir::ClassifierTraining::out", shape.outputs, rows.partition.tile_size()) {
    theta_.add_network(shape, network_key);
    theta_.allocate(std::min(batches_.strata(), rows.partition.local_tiles()));
    layout_ = std::make_shared<Layout>(rows.comm,
                                       std::vector<Block>{theta_.block("classifier", rule_of(options.rule))});
  }
  std::shared_ptr<const Layout> layout() const override { return layout_; }
  Index per_epoch() const { return batches_.per_epoch(); }
  void initialise(const MatrixRef<Real>& local) const { theta_.initialise(local); }
  void begin_step(Index step, State&) override {
    batches_.draw(step, batch_);
    active_.select(batch_.tiles);
  }
  void velocity(const Moment&, BlockSet, const ConstBlockViews& x, const BlockViews& v,
                const VectorRef<Real>&) override {
    theta_.gather(x, 0);
    const T weight = T(1 / Real(batch_.particles_in(rows_.partition)));
    const ActiveTiles tiles = active_.active();
    for (Index k = 0; k < tiles.count; ++k) {
      const Tile tile = tiles[k];
      copy_rows(tile);
      const auto out = first_columns(out_, tile.count);
      network_.value(theta_.network(0), first_columns(x_, tile.count), tape_, out);
      replace_by_softmax(out_, tile.count);
      find_adjoints(tile, weight);
      network_.vjp(theta_.network(0), out, tape_, theta_.gradient(k, 0), {});
      counters().particle_steps += tile.count;
    }
    theta_.sum_gradients(tiles.count, "the gradient of the classifier", v[0]);
  }
  StoredNetwork network(const MatrixRef<const Real>& parameters) {
    theta_.gather(parameters);
    return theta_.stored(0);
  }

  // Kernels, which nvcc takes in public functions only.
  void copy_rows(const Tile& tile) {
    const auto x = x_;
    const MatrixRef<const Real> rows = rows_.x;
    const Index d = Index(x.extent(0));
    Kokkos::parallel_for(
        "Weir::ClassifierTraining::copy_rows", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < d; ++c) x(c, i) = T(rows(c, tile.first + i));
        });
  }
  /// The gradient of weight times the cross-entropy with respect to the logits: weight (p - e_label).
  void find_adjoints(const Tile& tile, T weight) {
    const auto out = out_;
    const auto numbers = numbers_;
    const Index classes = Index(out.extent(0));
    Kokkos::parallel_for(
        "Weir::ClassifierTraining::find_adjoints", Range(0, tile.count), KOKKOS_LAMBDA(Index i) {
          for (Index c = 0; c < classes; ++c)
            out(c, i) = weight * (out(c, i) - T(c == numbers(tile.first + i)));
        });
    Kokkos::fence();
  }

 private:
  Ensemble rows_;
  Vector<Index> numbers_;
  Batches batches_;
  Batches::Batch batch_;
  TileList active_;
  Mlp<T> network_;
  MlpTape<T> tape_;
  TrainedParameters<T> theta_;
  Matrix<T> x_, out_;
  std::shared_ptr<const Layout> layout_;
};

/// Rows with mean 0 and root mean square 1 over all components.
Ensemble scaled_rows(const Ensemble& rows, const std::vector<Real>& mean, Real deviation) {
  Ensemble scaled = copy_of(rows);
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), scaled.x);
  for (Index i = 0; i < rows.partition.local_particles(); ++i)
    for (Index c = 0; c < rows.components(); ++c)
      host(c, i) = (host(c, i) - mean[std::size_t(c)]) / deviation;
  Kokkos::deep_copy(scaled.x, host);
  return scaled;
}

std::vector<Real> mean_of(const Ensemble& rows) {
  TileSum sum(rows.comm, rows.partition, rows.components());
  const auto x = rows.x;
  const Index d = rows.components();
  std::vector<Real> mean = sum(
      "Weir::Classifier::mean", "the mean of the rows", KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) partial[c] += x(c, i);
      });
  for (Real& m : mean) m /= Real(rows.particles());
  return mean;
}

/// About the mean, over rows and components; 1 where nothing varies.
Real root_mean_square(const Ensemble& rows, const std::vector<Real>& mean) {
  TileSum sum(rows.comm, rows.partition, 1);
  const auto x = rows.x;
  const auto m = in_precision<Real>(mean);
  const Index d = rows.components();
  const Real square = sum(
      "Weir::Classifier::variance", "the variance of the rows",
      KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i)
          for (Index c = 0; c < d; ++c) partial[0] += (x(c, i) - m(c)) * (x(c, i) - m(c));
      })[0];
  return square > 0 ? std::sqrt(square / Real(rows.particles() * d)) : 1;
}

template <class T>
std::optional<StoredNetwork> fit_in(const ClassifierOptions& options, const MlpShape& shape,
                                    const Ensemble& rows, const Vector<Index>& numbers,
                                    const std::string& where, const StageList& stages, RunOutput& output,
                                    RunControl& control) {
  ClassifierTraining<T> training(options, shape, rows, numbers, output.run().seed);
  SteppingOptions stepping = training_steps(options.epochs * training.per_epoch(), output.run());
  stepping.stage = stages.number("classify");
  Stage stage(stepping, training, where);
  training.initialise(BlockViews(*training.layout(), stage.state().vec())[0]);
  if (!control.run(stage, stages.number("classify"), [](const Tick&) {})) return {};
  return training.network(stage.learned(0));
}

template <class T>
Real seconds_in(const ClassifierOptions& options, const MlpShape& shape, const Ensemble& rows,
                const Vector<Index>& numbers, const RunOptions& run) {
  ClassifierTraining<T> training(options, shape, rows, numbers, run.seed);
  Stage stage(training_steps(1000000, run), training, "estimate");
  training.initialise(BlockViews(*training.layout(), stage.state().vec())[0]);
  return shortest_step(stage);
}

/// The outputs of a network at all rows of this rank.
Matrix<Real> outputs_of(const StoredNetwork& network, const Ensemble& rows) {
  const Mlp<Real> mlp(network.shape);
  MlpTape<Real> tape(mlp, rows.partition.tile_size(), Purpose::value);
  const auto theta = in_precision<Real>(network.parameters);
  const Matrix<Real> values("Weir::Classifier::outputs", network.shape.outputs,
                            rows.partition.local_particles());
  const LocalTiles tiles = rows.partition.local();
  for (Index t = 0; t < tiles.tiles; ++t) {
    const Tile tile = tiles[t];
    const auto columns = std::make_pair(tile.first, tile.first + tile.count);
    mlp.value(theta, Kokkos::subview(rows.x, Kokkos::ALL, columns), tape,
              Kokkos::subview(values, Kokkos::ALL, columns));
  }
  Kokkos::fence();
  return values;
}

/// The network whose outputs are the last hidden layer of another: the same layers, then the identity.
StoredNetwork hidden_layer_of(const StoredNetwork& network) {
  const Index width = network.shape.hidden.back();
  StoredNetwork features = network;
  features.shape.outputs = width;
  const auto& last = Mlp<Real>(network.shape).layers().back();
  features.parameters.resize(std::size_t(last.weights));
  for (Index c = 0; c < width; ++c)
    for (Index r = 0; r < width; ++r) features.parameters.push_back(Real(r == c));
  features.parameters.insert(features.parameters.end(), std::size_t(width), 0);
  return features;
}

}  // namespace

Matrix<Real> Classifier::probabilities(const Ensemble& rows) const {
  const Matrix<Real> p = outputs_of(network, scaled_rows(rows, mean, deviation));
  replace_by_softmax(p, rows.partition.local_particles());
  return p;
}

Matrix<Real> Classifier::features(const Ensemble& rows) const {
  return outputs_of(hidden_layer_of(network), scaled_rows(rows, mean, deviation));
}

void Classifier::save(Hdf5File& file) const {
  write_network(file, "/classifier/network", network);
  file.write("/classifier/mean", mean, {Index(mean.size())});
  file.write("/classifier/deviation", {deviation}, {1});
  file.write("/classifier/classes", classes, {Index(classes.size())});
}

Classifier Classifier::read(const Hdf5File& file) {
  return {read_network(file, "/classifier/network", ""), file.read("/classifier/mean"),
          file.read("/classifier/deviation").at(0), file.read("/classifier/classes")};
}

Real classifier_iteration_seconds(const ClassifierOptions& options, Index components, Index classes,
                                  Index tiles, const RunOptions& run) {
  const Ensemble rows(Communicator(MPI_COMM_SELF), tiles * run.tile, components, run.tile);
  fill_normals(rows.x, Random(run.seed, Stream::initial_ensemble), 0, 0);
  const Vector<Index> numbers("Weir::classifier_iteration_seconds", rows.particles());
  ClassifierOptions of_tiles = options;
  of_tiles.batch = rows.particles();
  const MlpShape shape = options.network.shape(components, classes);
  return run.single_precision() ? seconds_in<float>(of_tiles, shape, rows, numbers, run)
                                : seconds_in<double>(of_tiles, shape, rows, numbers, run);
}

std::optional<Classifier> train_classifier(const ClassifierOptions& options, const Ensemble& rows,
                                           const Ensemble& labels, const std::string& where,
                                           const StageList& stages, RunOutput& output, RunControl& control) {
  Classifier classifier;
  classifier.classes = classes_of(labels, where);
  classifier.mean = mean_of(rows);
  classifier.deviation = root_mean_square(rows, classifier.mean);
  const MlpShape shape = options.network.shape(rows.components(), Index(classifier.classes.size()));
  const Ensemble scaled = scaled_rows(rows, classifier.mean, classifier.deviation);
  const Vector<Index> numbers = class_numbers(labels, classifier.classes);
  output.log(fmt::format("classifier: {} classes, {} epochs of {} rows", classifier.classes.size(),
                         options.epochs, rows.particles()));
  const auto fitted = output.run().single_precision()
                          ? fit_in<float>(options, shape, scaled, numbers, where, stages, output, control)
                          : fit_in<double>(options, shape, scaled, numbers, where, stages, output, control);
  if (!fitted) return {};
  classifier.network = *fitted;
  return classifier;
}

namespace {

struct MostProbable {
  Index number;
  Real probability;
};
template <class Probabilities>  // a View that the host reads
MostProbable most_probable(const Probabilities& p, Index i) {
  MostProbable most{0, p(0, i)};
  for (Index c = 1; c < Index(p.extent(0)); ++c)
    if (p(c, i) > most.probability) most = {c, p(c, i)};
  return most;
}

}  // namespace

Real accuracy(const Classifier& classifier, const Ensemble& rows, const Ensemble& labels) {
  const auto p = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), classifier.probabilities(rows));
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), labels.x);
  Index right = 0;
  for (Index i = 0; i < rows.partition.local_particles(); ++i)
    right += classifier.classes[std::size_t(most_probable(p, i).number)] == host(0, i);
  return Real(rows.comm.sum(right)) / Real(rows.particles());
}

Confidence confidence(const Classifier& classifier, const Ensemble& rows) {
  const auto p = classifier.probabilities(rows);
  TileSum sum(rows.comm, rows.partition, 2);
  const Index classes = Index(p.extent(0));
  const auto totals = sum(
      "Weir::Classifier::confidence", "the confidence of the classifier",
      KOKKOS_LAMBDA(const Tile& tile, Real* partial) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          Real most = p(0, i);
          for (Index c = 1; c < classes; ++c) most = p(c, i) > most ? p(c, i) : most;
          partial[0] += most;
          partial[1] += Real(most > sure_from);
        }
      });
  return {totals[0] / Real(rows.particles()), totals[1] / Real(rows.particles())};
}

}  // namespace weir
