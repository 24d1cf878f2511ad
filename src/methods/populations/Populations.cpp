#include "methods/populations/Populations.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "input/LabelTexts.hpp"
#include "methods/simulate/Simulation.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/input/DataFile.hpp"

namespace weir {

namespace {
bool are_ascending(const std::vector<Real>& times) {
  return std::adjacent_find(times.begin(), times.end(), std::greater_equal<Real>()) == times.end();
}
}  // namespace

void describe(Section& section, SimulatedPopulations& options) {
  describe(section, static_cast<SimulateOptions&>(options));
  if (section.reading() && options.time.tolerance)
    section.error(
        "time.tolerance",
        "there is one population a step, so steps are of one size; leave it out, and make `step` small");
}
void describe(Section& section, FilePopulations& options) {
  describe(section, static_cast<DataOptions&>(options));
  options.parts_are_labels = true;
  section.option(
      "times", options.times,
      "time of each population, in the order that the log lists them in: ascending numbers, or texts "
      "by the numbers in them; none: the labels (numbers, or texts such as day2, 8h)");
  section
      .option(
          "standardise", options.standardise,
          "columns to mean 0 and deviation 1, of all rows (true) or those learned from (training); metrics "
          "and energies.h5 are in these units, snapshots.h5 is in those of the file")
      .one_of({"false", "true", "training"});
  if (section.reading() && !are_ascending(options.times))
    section.error("times", fmt::format("found [{}]; allowed: each above the one before",
                                       fmt::join(options.times, ", ")));
}
void describe(Section& section, SnapshotPopulations& options) {
  section.required("path", options.path, "snapshots.h5 of a run");
  section.option("block", options.block,
                 "what is read of every snapshot that has it: paths, particles, observed ..");
}
void describe(Section& section, PopulationsOptions& options) {
  if (section.reading()) options.where = section.path();
  section.one_of(options.source, "where the populations come from");
}

namespace {

/// Not collective.
std::shared_ptr<DataFile> open_labelled(const FilePopulations& options, const std::string& where) {
  const auto data = open_data(options);
  if (!data->has_labels())
    throw InputError(
        where, fmt::format("the rows carry no labels; give `labels: {{column: ..}}` or `labels: {{path: "
                           "..}}`, a file a population (`paths`), or an array of three axes (populations, "
                           "particles, components): the shape of {} is {}",
                           options.name(), data->shape()));
  return data;
}

/// The snapshots of a file that have a block, in the order of their numbers.
struct StoredSnapshots {
  Hdf5File file;
  std::vector<std::string> names;
  std::vector<Real> times;
  std::vector<Index> sizes;
  Index components = 0;
};

/// Collective. Throws InputError.
StoredSnapshots open_stored(const SnapshotPopulations& options, const std::string& where,
                            const Communicator& comm) {
  const std::string& path = options.path.path;
  StoredSnapshots stored{Hdf5File(path, comm.mpi(), Hdf5File::Access::read), {}, {}, {}};
  std::vector<Index> steps;
  if (stored.file.has("/snapshots"))
    for (const auto& step : stored.file.members("/snapshots")) steps.push_back(std::atol(step.c_str()));
  std::sort(steps.begin(), steps.end());
  for (const Index step : steps) {
    const std::string name = fmt::format("/snapshots/{}/{}", step, options.block);
    if (!stored.file.has(name)) continue;
    const auto shape = stored.file.shape(name);
    if (shape.size() != 2 || (stored.components != 0 && shape[1] != stored.components))
      throw InputError(where + ".snapshots.path",
                       fmt::format("{} ({}) has the shape {}; allowed: (particles, components), with as many "
                                   "components in every snapshot",
                                   path, name, shape_text(shape)));
    stored.names.push_back(name);
    stored.times.push_back(stored.file.attribute(name, "time"));
    stored.sizes.push_back(shape[0]);
    stored.components = shape[1];
  }
  if (stored.names.size() < 2)
    throw InputError(where + ".snapshots.block",
                     fmt::format("{} has {} snapshots with a block \"{}\"; at least 2 are needed", path,
                                 stored.names.size(), options.block));
  return stored;
}

/// Collective. Throws InputError.
StoredSnapshots open_snapshots(const SnapshotPopulations& options, const std::string& where,
                               const Communicator& comm) {
  const std::string key = where + ".snapshots.path", &path = options.path.path;
  comm.agree([&] {
    if (!std::filesystem::exists(path))
      throw InputError(key, path + " does not exist; give the snapshots.h5 of a run");
  });
  try {
    return open_stored(options, where, comm);
  } catch (const LibraryError& error) {
    throw InputError(key, fmt::format("{} is not the snapshots.h5 of a run: {}", path, error.what()));
  }
}

Populations populations_of(Splitter& splitter, std::vector<Real> times) {
  return {std::move(times), std::move(splitter.train()), std::move(splitter.test())};
}

/// The last component apart: the row of the file.
void split_off_rows(std::vector<Ensemble>& populations, std::vector<Ensemble>& rows) {
  for (Ensemble& population : populations) {
    const Index d = population.components() - 1;
    rows.push_back(components_of(population, d, d + 1));
    population = components_of(population, 0, d);
  }
}

/// What the log says of labels that are not plain numbers.
std::string meaning_of(const std::vector<std::string>& names, const std::vector<Real>& times,
                       const std::string& unit) {
  return fmt::format("labels {}: times {}{}; `times` gives others", fmt::join(names, ", "),
                     fmt::join(times, ", "), unit.empty() ? "" : " (" + unit + ")");
}

struct Make {
  const SplitOptions& split;
  bool paired;
  const Communicator& comm;
  const RunOptions& run;
  const std::string& where;
  const std::vector<Index>& left_out;

  Populations operator()(const SimulatedPopulations& options) const {
    Simulation trajectory(options, comm, run, 0);
    const Index steps = trajectory.planned_steps(), size = trajectory.particles();
    // Rows are split alike in all populations: the test part is one trajectory.
    Splitter splitter(std::vector<Index>(steps + 1, size), trajectory.components(), split, true, comm, run,
                      where);
    std::vector<Real> times(steps + 1);
    const auto send = [&](Index k, const Partition& partition, const MatrixRef<const Real>& x,
                          Splitter::Parts parts) {
      const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
      for (Index i = 0; i < partition.local_rows(); ++i)
        splitter.send(k, partition.first_row() + i, &host(0, i), parts);
      splitter.deliver();
    };
    trajectory.run([&](const Tick& tick, const MatrixRef<const Real>& x) {
      WEIR_CHECK(tick.step <= steps, "step {} of {}", tick.step, steps);
      times[tick.step] = tick.time;
      send(tick.step, trajectory.partition(), x, paired ? Splitter::Parts::both : Splitter::Parts::test);
    });
    for (Index k = 0; !paired && k <= steps; ++k) {
      SimulatedPopulations fresh = options;
      fresh.time.end = k == 0 ? times[1] : times[k];
      Simulation simulation(fresh, comm, run, k + 1);
      simulation.run([&](const Tick& tick, const MatrixRef<const Real>& x) {
        if (tick.step == k) send(k, simulation.partition(), x, Splitter::Parts::train);
      });
    }
    return populations_of(splitter, std::move(times));
  }

  Populations operator()(const FilePopulations& options) const {
    // Each rank reads a stripe of rows, and their labels.
    std::vector<Real> rows, labels;
    std::vector<Index> numbers;
    Index columns = 0, first = 0, count = 0;
    std::shared_ptr<DataFile> data;
    comm.agree([&] {
      data = open_labelled(options, where);
      columns = data->columns();
      const Partition stripes(comm, data->rows(), run.tile);
      first = stripes.first_row(), count = stripes.local_rows();
      rows.resize(count * columns);
      labels.resize(count);
      numbers.resize(std::size_t(count));
      if (count > 0) data->read(first, count, rows.data(), labels.data(), numbers.data());
    });
    const std::vector<Real> known = all_labels(labels);
    const LabelMeaning* meaning = data->label_meaning();
    std::vector<std::string> names, texts;
    for (const Real label : known) texts.push_back(data->label_text(label));
    if (meaning && !meaning->plain) names = texts;
    if (known.size() < 2)
      throw InputError(where, fmt::format("found {} distinct label(s){}; at least 2 are needed{}",
                                          known.size(), texts.empty() ? "" : " (" + told(texts) + ")",
                                          options.labels && !options.labels->select.empty()
                                              ? ": let `labels.select` take more"
                                              : ""));
    if (meaning && !meaning->ambiguity.empty() && options.times.empty())
      throw InputError(
          where + ".file.times",
          fmt::format("missing, and the labels do not say clearly what times they are ({}); give "
                      "one a label, for {} in this order",
                      meaning->ambiguity, told(texts)));
    const std::vector<Real> times = options.times.empty() ? known : options.times;
    if (times.size() != known.size())
      throw InputError(where + ".file.times", fmt::format("has {} entries for {} populations ({})",
                                                          times.size(), known.size(), told(texts)));

    // Number of each row within its population: rows of the same label on ranks before this one, then here.
    std::vector<Index> here(known.size(), 0), before(known.size()), sizes(known.size());
    const auto population = [&](Real label) {
      return Index(std::lower_bound(known.begin(), known.end(), label) - known.begin());
    };
    for (Real label : labels) ++here[population(label)];
    for (std::size_t k = 0; k < known.size(); ++k) {
      before[k] = comm.exclusive_prefix(here[k]);
      sizes[k] = comm.sum(here[k]);
      if (paired && sizes[k] != sizes[0])
        throw InputError(
            where,
            fmt::format("`pairing: paired` needs populations of equal size; {} has {} rows where {} has {}",
                        texts[k], sizes[k], texts[0], sizes[0]));
    }
    for (auto& text : texts) text = "label " + text;
    Splitter splitter(sizes, columns + 1, split, paired, comm, run, where, texts);
    std::vector<Real> row(std::size_t(columns + 1));
    for (Index i = 0; i < count; ++i) {
      const Index k = population(labels[i]);
      std::copy_n(&rows[i * columns], columns, row.data());
      row.back() = Real(numbers[std::size_t(i)]);
      splitter.send(k, before[k]++, row.data());
    }
    splitter.deliver();
    Populations made = populations_of(splitter, times);
    split_off_rows(made.train, made.train_rows);
    split_off_rows(made.test, made.test_rows);
    made.names = names;
    made.source = {data->column_numbers(), data->column_names(), data->scale(), data->shift()};
    if (!names.empty() && options.times.empty())
      made.remarks.push_back(meaning_of(names, times, meaning->unit));
    if (options.standardise != "false") standardise(made, options.standardise == "training");
    return made;
  }

  /// At most ten of the labels.
  static std::string told(const std::vector<std::string>& labels) {
    constexpr std::size_t most = 10;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, labels.size()); ++i) text += (i > 0 ? ", " : "") + labels[i];
    return text + (labels.size() > most ? fmt::format(", .. ({} in all)", labels.size()) : "");
  }

  /// By mean and deviation of the rows that are learned from, or of all.
  void standardise(Populations& populations, bool training_only) const {
    const Index d = populations.dimension();
    std::vector<Real> first(std::size_t(d), 0), second(std::size_t(d), 0);
    Real rows = 0;
    const auto add = [&](const Ensemble& part) {
      if (part.particles() == 0) return;
      Moments moments(part.comm, part.partition, d);
      const auto covariance = moments.covariance(part.x);
      const Real n = Real(part.particles());
      rows += n;
      for (Index c = 0; c < d; ++c) {
        const Real mean = moments.last_mean()[std::size_t(c)];
        first[std::size_t(c)] += n * mean;
        second[std::size_t(c)] += n * (covariance[std::size_t(c * d + c)] + mean * mean);
      }
    };
    for (Index k = 0; k < populations.count(); ++k) {
      const bool out = std::find(left_out.begin(), left_out.end(), k) != left_out.end();
      if (training_only && out) continue;
      add(populations.train[std::size_t(k)]);
      if (!training_only) add(populations.test[std::size_t(k)]);
    }
    for (std::size_t c = 0; c < first.size(); ++c) {
      const Real mean = first[c] / rows,
                 deviation = std::sqrt(std::max(second[c] / rows - mean * mean, Real(0)));
      if (!(deviation > 1e-12 * std::abs(mean)))
        throw InputError(where + ".file.standardise",
                         fmt::format("column {} of those chosen is the same in all rows; choose others", c));
      populations.mean.push_back(mean);
      populations.deviation.push_back(deviation);
      const SourceColumns& source = populations.source;
      populations.remarks.push_back(fmt::format(
          "column {}: mean {:.6g}, deviation {:.6g}, brought to 0 and 1 (metrics are in these units)",
          source.names.empty() ? std::to_string(source.numbers[c]) : source.names[c], mean, deviation));
    }
    for (auto* parts : {&populations.train, &populations.test})
      for (Ensemble& part : *parts)
        for (Index i = 0; i < part.partition.local_particles(); ++i)
          for (Index c = 0; c < d; ++c)
            part.x(c, i) =
                (part.x(c, i) - populations.mean[std::size_t(c)]) / populations.deviation[std::size_t(c)];
  }

  Populations operator()(const SnapshotPopulations& options) const {
    const StoredSnapshots stored = open_snapshots(options, where, comm);
    for (const Index size : stored.sizes)
      if (paired && size != stored.sizes.front())
        throw InputError(
            where, fmt::format("`pairing: paired` needs snapshots of equal size; one has {} rows, another {}",
                               stored.sizes.front(), size));
    Splitter splitter(stored.sizes, stored.components, split, paired, comm, run, where);
    for (std::size_t k = 0; k < stored.names.size(); ++k) {
      const Partition stripes(comm, stored.sizes[k], run.tile);
      std::vector<Real> rows(std::size_t(stripes.local_rows() * stored.components));
      stored.file.read_rows(stored.names[k], rows.data(), stripes.local_rows(), stripes.first_row());
      for (Index i = 0; i < stripes.local_rows(); ++i)
        splitter.send(Index(k), stripes.first_row() + i, &rows[std::size_t(i * stored.components)]);
      splitter.deliver();
    }
    return populations_of(splitter, stored.times);
  }

  /// The different labels of all ranks, ascending.
  std::vector<Real> all_labels(const std::vector<Real>& labels) const {
    std::set<Real> different(labels.begin(), labels.end());
    const std::vector<Real> mine(different.begin(), different.end());
    const auto bytes = comm.all_gather(mine.data(), Index(mine.size() * sizeof(Real)));
    const auto* values = reinterpret_cast<const Real*>(bytes.data());
    different.insert(values, values + bytes.size() / sizeof(Real));
    return {different.begin(), different.end()};
  }
};

}  // namespace

Populations make_populations(const PopulationsOptions& options, const SplitOptions& split, bool paired,
                             const Communicator& comm, const RunOptions& run,
                             const std::vector<Index>& left_out) {
  return std::visit(Make{split, paired, comm, run, options.where, left_out}, options.source);
}

Ensemble in_units_of_file(const Populations& populations, const Ensemble& ensemble) {
  if (populations.mean.empty()) return ensemble;
  Ensemble back(ensemble.comm, ensemble.particles(), ensemble.components(), ensemble.partition.tile_size());
  for (Index i = 0; i < ensemble.partition.local_particles(); ++i)
    for (Index c = 0; c < ensemble.components(); ++c)
      back.x(c, i) =
          populations.mean[std::size_t(c)] + populations.deviation[std::size_t(c)] * ensemble.x(c, i);
  return back;
}

std::vector<std::string> population_lines(const Populations& populations) {
  std::vector<std::string> lines;
  for (Index k = 0; k < populations.count(); ++k) {
    const std::string name = populations.names.empty() ? "" : " (" + populations.names[std::size_t(k)] + ")";
    lines.push_back(fmt::format("population {}{} at time {:g}: {} to train, {} to test, {} components", k,
                                name, populations.times[k], populations.train[k].particles(),
                                populations.test[k].particles(), populations.dimension()));
  }
  return lines;
}

void close_files(const PopulationsOptions& options) {
  if (const auto* file = std::get_if<FilePopulations>(&options.source)) close_data(*file);
  if (const auto* simulated = std::get_if<SimulatedPopulations>(&options.source))
    close_files(simulated->initial);
}

Index check_populations(const PopulationsOptions& options, const Communicator& comm, const RunOptions& run) {
  Index dimension = 0;
  if (const auto* simulated = std::get_if<SimulatedPopulations>(&options.source)) {
    comm.agree([&] { dimension = shape_of(simulated->initial).dimension; });
    check_simulation(*simulated, comm, run);
    return dimension;
  }
  if (const auto* snapshots = std::get_if<SnapshotPopulations>(&options.source))
    return open_snapshots(*snapshots, options.where, comm).components;
  comm.agree([&] {
    dimension = open_labelled(std::get<FilePopulations>(options.source), options.where)->columns();
  });
  return dimension;
}

}  // namespace weir
