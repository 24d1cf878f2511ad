#include "weir/methods/Coupling.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "weir/base/Error.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/transport/Assignment.hpp"
#include "weir/transport/NetworkSimplex.hpp"

namespace weir {

namespace {

/// Part p of a population cut into `parts`: rows [first(p), first(p + 1)).
struct Cut {
  Index rows, parts;
  Index first(Index p) const { return p * rows / parts; }
  Index size(Index p) const { return first(p + 1) - first(p); }
  Index part_of(Index row) const {
    Index p = ((row + 1) * parts - 1) / rows;
    while (first(p) > row) --p;
    while (first(p + 1) <= row) ++p;
    return p;
  }
};

/// One coupling problem: part `part` of populations k and k + 1, solved by rank `rank`.
struct Job {
  Index k, part;
  int rank;
  Cut x, y;
  std::vector<Real> x_values, y_values;  // on that rank only
};

/// Jobs go round the ranks.
std::vector<Job> make_jobs(const CouplingOptions& options, const std::vector<Ensemble>& populations) {
  const std::vector<Index> sizes = sizes_of(populations);
  const int ranks = populations.front().comm.size();
  std::vector<Job> jobs;
  for (const CouplingPart& part : coupling_parts(options, sizes))
    jobs.push_back({part.k,
                    part.part,
                    int(Index(jobs.size()) % ranks),
                    Cut{sizes[part.k], part.parts},
                    Cut{sizes[part.k + 1], part.parts},
                    {},
                    {}});
  return jobs;
}

/// Jobs of a transition start at this number.
std::vector<Index> first_jobs(const std::vector<Job>& jobs, std::size_t transitions) {
  std::vector<Index> first(transitions, 0);
  for (std::size_t j = jobs.size(); j-- > 0;) first[jobs[j].k] = Index(j);
  return first;
}

/// Sends every particle to the ranks that are to couple it: as x of the next transition, as y of the one
/// before.
void collect_points(std::vector<Job>& jobs, const std::vector<bool>& done,
                    const std::vector<Ensemble>& populations) {
  const Communicator& comm = populations.front().comm;
  const Index d = populations.front().components();
  const auto first = first_jobs(jobs, populations.size() - 1);
  RowExchange exchange(comm, d);
  for (std::size_t k = 0; k < populations.size(); ++k) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), populations[k].x);
    for (Index i = 0; i < populations[k].partition.local_rows(); ++i) {
      const Index row = populations[k].partition.first_row() + i;
      if (k + 1 < populations.size()) {
        const Index job = first[k] + jobs[first[k]].x.part_of(row);
        if (!done[job])
          exchange.send(jobs[job].rank, 2 * job, row - jobs[job].x.first(jobs[job].part), &host(0, i));
      }
      if (k > 0) {
        const Index job = first[k - 1] + jobs[first[k - 1]].y.part_of(row);
        if (!done[job])
          exchange.send(jobs[job].rank, 2 * job + 1, row - jobs[job].y.first(jobs[job].part), &host(0, i));
      }
    }
  }
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    Job& job = jobs[j];
    if (done[j] || job.rank != comm.rank()) continue;
    job.x_values.resize(job.x.size(job.part) * d);
    job.y_values.resize(job.y.size(job.part) * d);
  }
  exchange.deliver([&](const RowExchange::Row& row) {
    Job& job = jobs[row.tag / 2];
    auto& values = row.tag % 2 == 0 ? job.x_values : job.y_values;
    std::copy_n(row.values, d, &values[row.key * d]);
  });
}

struct Solution {
  BarycentricMaps maps;
  Real cost, gap;
};
Solution solve(const Job& job, Index d, const std::string& method) {
  const Points x{job.x_values.data(), job.x.size(job.part), d},
      y{job.y_values.data(), job.y.size(job.part), d};
  if (method == "network_simplex" || x.count != y.count) {
    const Transport transport = solve_network_simplex(x, y);
    return {barycentric_maps(x, y, transport.plan), transport.cost, transport.certificate.gap};
  }
  const Assignment assignment = solve_assignment(x, y);
  Plan plan;
  for (Index i = 0; i < x.count; ++i) plan.push_back({i, assignment.y_of_x[i], 1 / Real(x.count)});
  return {barycentric_maps(x, y, plan), assignment.cost, assignment.certificate.gap};
}

/// Numbers that are known of a piece.
struct Known {
  Real done = 0, cost = 0, gap = 0, marginal_error = 0, iterations = 0;
};
constexpr Index known_numbers = sizeof(Known) / sizeof(Real);

}  // namespace

std::vector<CouplingPart> coupling_parts(const CouplingOptions& options, const std::vector<Index>& sizes) {
  std::vector<CouplingPart> all;
  for (std::size_t k = 0; k + 1 < sizes.size(); ++k) {
    const Index n = sizes[k], m = sizes[k + 1];
    const Index batch = options.batch.is_word() ? std::max(n, m) : options.batch.number;
    const Index parts = std::min({(std::max(n, m) + batch - 1) / batch, n, m});
    const Cut x{n, parts}, y{m, parts};
    for (Index p = 0; p < parts; ++p) {
      const Index largest = std::max(x.size(p), y.size(p));
      if (largest > options.exact_limit)
        throw InputError(
            options.where + ".batch",
            fmt::format("couples {} particles at a time, more than exact_limit = {}; choose a "
                        "smaller batch, `method: sinkhorn`, or raise exact_limit (time grows as the square)",
                        largest, options.exact_limit));
      if (options.method == "assignment" && x.size(p) != y.size(p))
        throw InputError(
            options.where + ".method",
            fmt::format(
                "assignment needs parts of equal size; populations {} and {} have {} and {} particles: use "
                "network_simplex",
                k, k + 1, n, m));
      all.push_back({Index(k), p, parts, x.size(p), y.size(p)});
    }
  }
  return all;
}

std::vector<Index> sizes_of(const std::vector<Ensemble>& populations) {
  std::vector<Index> sizes;
  for (const Ensemble& population : populations) sizes.push_back(population.particles());
  return sizes;
}

void check_couplings(const CouplingOptions& options, const std::vector<Index>& sizes) {
  if (options.method != "sinkhorn") coupling_parts(options, sizes);
}

/// What both ways of coupling share: the results, and what is known of every piece, the same on all ranks.
class Couplings::Pieces {
 public:
  Pieces(const std::vector<Ensemble>& populations, CoupledAt at, Index count)
      : populations_(populations),
        comm_(populations.front().comm),
        components_(populations.front().components()),
        next_(at == CoupledAt::next),
        known_(std::size_t(count)) {
    for (std::size_t k = 0; k + 1 < populations.size(); ++k) {
      const Index particles = ensemble_of(k).partition.local_particles();
      coupled_.emplace_back();
      coupled_[k].displacement = Matrix<Real>("Weir::Coupling::displacement", components_, particles);
      coupled_[k].mass = Vector<Real>("Weir::Coupling::mass", particles);
      coupled_[k].variance = Vector<Real>("Weir::Coupling::variance", particles);
    }
  }
  virtual ~Pieces() = default;
  virtual void advance(Real seconds) = 0;
  /// Once everything is done: what is known of whole couplings.
  virtual void finish() = 0;

  Index done() const {
    return Index(std::count_if(known_.begin(), known_.end(), [](const Known& known) { return known.done; }));
  }
  bool all_done() const { return done() == Index(known_.size()); }
  const std::vector<CoupledEnsemble>& coupled() const { return coupled_; }

  void save(Hdf5File& file) const {
    const auto* numbers = reinterpret_cast<const Real*>(known_.data());
    file.write("coupling/pieces", {numbers, numbers + known_.size() * known_numbers},
               {Index(known_.size()), known_numbers});
    for (std::size_t k = 0; k < coupled_.size(); ++k) {
      const Partition& partition = ensemble_of(k).partition;
      HostMatrix<Real> rows("Weir::Coupling::rows", components_ + 2, partition.local_particles());
      with_rows(k, [&](const auto& displacement, const auto& mass, const auto& variance) {
        for (Index i = 0; i < partition.local_particles(); ++i) {
          for (Index c = 0; c < components_; ++c) rows(c, i) = displacement(c, i);
          rows(components_, i) = mass(i);
          rows(components_ + 1, i) = variance(i);
        }
      });
      file.write_rows(fmt::format("coupling/{}", k), rows.data(), partition.local_particles(),
                      partition.first_particle(), partition.particles(), components_ + 2);
    }
  }

  void restore(const Hdf5File& file) {
    const auto numbers = file.read("coupling/pieces");
    WEIR_CHECK(numbers.size() == known_.size() * known_numbers, "{} numbers of {} pieces", numbers.size(),
               known_.size());
    std::copy(numbers.begin(), numbers.end(), reinterpret_cast<Real*>(known_.data()));
    for (std::size_t k = 0; k < coupled_.size(); ++k) {
      const Partition& partition = ensemble_of(k).partition;
      HostMatrix<Real> rows("Weir::Coupling::rows", components_ + 2, partition.local_particles());
      file.read_rows(fmt::format("coupling/{}", k), rows.data(), partition.local_particles(),
                     partition.first_particle());
      with_rows(k, [&](const auto& displacement, const auto& mass, const auto& variance) {
        for (Index i = 0; i < partition.local_particles(); ++i) {
          for (Index c = 0; c < components_; ++c) displacement(c, i) = rows(c, i);
          mass(i) = rows(components_, i);
          variance(i) = rows(components_ + 1, i);
        }
        Kokkos::deep_copy(coupled_[k].displacement, displacement);
        Kokkos::deep_copy(coupled_[k].mass, mass);
        Kokkos::deep_copy(coupled_[k].variance, variance);
      });
    }
  }

 protected:
  /// The population that transition k's results belong to.
  const Ensemble& ensemble_of(std::size_t k) const { return populations_[k + (next_ ? 1 : 0)]; }

  const std::vector<Ensemble>& populations_;
  const Communicator& comm_;
  Index components_;
  bool next_;
  std::vector<Known> known_;
  std::vector<CoupledEnsemble> coupled_;

 private:
  template <class Work>
  void with_rows(std::size_t k, Work work) const {
    work(Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), coupled_[k].displacement),
         Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), coupled_[k].mass),
         Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), coupled_[k].variance));
  }
};

/// Exact couplings: the pieces are parts of populations, each coupled by one rank.
class Couplings::Parts : public Pieces {
 public:
  Parts(const CouplingOptions& options, const std::vector<Ensemble>& populations, CoupledAt at,
        std::vector<Job> jobs)
      : Pieces(populations, at, Index(jobs.size())), method_(options.method), jobs_(std::move(jobs)) {}

  void advance(Real seconds) override {
    const auto start = std::chrono::steady_clock::now();
    if (!collected_) {
      std::vector<bool> done;
      for (const Known& known : known_) done.push_back(known.done != 0);
      collect_points(jobs_, done, populations_);
      collected_ = true;
    }
    // Results go back to the particles' owners: displacement, mass, variance.
    RowExchange exchange(comm_, components_ + 2);
    comm_.agree([&] {
      for (std::size_t j = 0; j < jobs_.size(); ++j) {
        if (known_[j].done != 0 || jobs_[j].rank != comm_.rank()) continue;
        couple(j, exchange);
        if (std::chrono::duration<Real>(std::chrono::steady_clock::now() - start).count() > seconds) break;
      }
    });
    exchange.deliver([&](const RowExchange::Row& row) {
      CoupledEnsemble& to = coupled_[row.tag];
      const Index i = row.key - ensemble_of(row.tag).partition.first_row();
      for (Index c = 0; c < components_; ++c) to.displacement(c, i) = row.values[c];
      to.mass(i) = row.values[components_];
      to.variance(i) = row.values[components_ + 1];
    });
    // Costs and gaps of optimal couplings are not negative, up to rounding: what is not known yet is lower.
    for (Known& known : known_)
      if (known.done == 0) known.cost = known.gap = std::numeric_limits<Real>::lowest();
    comm_.max(reinterpret_cast<Real*>(known_.data()), Index(known_.size()) * known_numbers);
  }

  void finish() override {
    for (std::size_t j = 0; j < jobs_.size(); ++j) {  // in the jobs' order on every rank
      const Real share = Real(jobs_[j].x.size(jobs_[j].part)) / Real(jobs_[j].x.rows);
      coupled_[jobs_[j].k].cost += share * known_[j].cost;
      coupled_[jobs_[j].k].gap += share * known_[j].gap;
    }
  }

 private:
  void couple(std::size_t j, RowExchange& exchange) {
    Job& job = jobs_[j];
    const Index d = components_;
    const Solution solution = solve(job, d, method_);
    known_[j] = {1, solution.cost, solution.gap, 0, 0};
    const BarycentricMap& map = next_ ? solution.maps.x_given_y : solution.maps.y_given_x;
    const Cut& cut = next_ ? job.y : job.x;
    const auto& here = next_ ? job.y_values : job.x_values;
    const Partition& partition = ensemble_of(job.k).partition;
    const Real share = Real(cut.size(job.part)) / Real(cut.rows);
    std::vector<Real> record(d + 2);
    for (Index i = 0; i < cut.size(job.part); ++i) {
      for (Index c = 0; c < d; ++c)
        record[c] = next_ ? here[i * d + c] - map.mean[i * d + c] : map.mean[i * d + c] - here[i * d + c];
      record[d] = map.mass[i] * share;
      record[d + 1] = map.variance[i];
      const Index row = cut.first(job.part) + i;
      exchange.send(partition.owner_of_row(row), job.k, row, record.data());
    }
    job.x_values = {};
    job.y_values = {};
  }

  std::string method_;
  std::vector<Job> jobs_;
  bool collected_ = false;
};

/// Entropic couplings: a piece is a pair of populations, coupled by all ranks together.
class Couplings::Whole : public Pieces {
 public:
  Whole(const CouplingOptions& options, const std::vector<Ensemble>& populations, CoupledAt at, bool single)
      : Pieces(populations, at, Index(populations.size()) - 1), options_(options), single_(single) {}

  void advance(Real) override {
    for (std::size_t k = 0; k < known_.size(); ++k) {
      if (known_[k].done != 0) continue;
      couple(k);
      return;
    }
  }

  void finish() override {
    for (std::size_t k = 0; k < known_.size(); ++k) {
      coupled_[k].cost = known_[k].cost;
      coupled_[k].gap = known_[k].gap;
      coupled_[k].marginal_error = known_[k].marginal_error;
      coupled_[k].iterations = Index(known_[k].iterations);
    }
  }

 private:
  void couple(std::size_t k) {
    const Ensemble &x = populations_[k], &y = populations_[k + 1];
    SinkhornProblem problem;
    problem.epsilon = options_.epsilon * mean_squared_distance(x, y);
    problem.tolerance = options_.tolerance;
    problem.max_iterations = options_.max_iterations;
    problem.single = single_;
    const SinkhornResult result = sinkhorn(x, y, problem);
    if (!result.converged)
      throw RunError(
          fmt::format("the coupling of populations {} and {} did not converge: marginal error {:.2g} after "
                      "{} iterations; "
                      "raise {}.max_iterations, epsilon or tolerance",
                      k, k + 1, result.marginal_error, result.iterations, options_.where));
    static_cast<ConditionalDisplacement&>(coupled_[k]) = next_ ? result.at_y : result.at_x;
    known_[k] = {1, result.cost, result.gap, result.marginal_error, Real(result.iterations)};
  }

  CouplingOptions options_;
  bool single_;
};

Couplings::Couplings(const CouplingOptions& options, const std::vector<Ensemble>& populations, CoupledAt at,
                     bool single) {
  if (options.method == "sinkhorn")
    pieces_ = std::make_unique<Whole>(options, populations, at, single);
  else
    pieces_ = std::make_unique<Parts>(options, populations, at, make_jobs(options, populations));
}

Couplings::~Couplings() = default;

bool Couplings::advance(Real seconds) {
  if (all_done()) return true;
  pieces_->advance(seconds);
  if (all_done()) pieces_->finish();
  return all_done();
}

void Couplings::advance() {
  const Real seconds_between_questions = 5;
  advance(seconds_between_questions);
}

bool Couplings::all_done() const {
  return pieces_->all_done();
}

Index Couplings::done() const {
  return pieces_->done();
}

const std::vector<CoupledEnsemble>& Couplings::result() const {
  return pieces_->coupled();
}

void Couplings::save(Hdf5File& file) const {
  pieces_->save(file);
}

void Couplings::restore(const Hdf5File& file) {
  if (!file.has("coupling/pieces")) return;
  pieces_->restore(file);
  if (all_done()) pieces_->finish();
}

std::vector<CoupledEnsemble> couple_populations(const CouplingOptions& options,
                                                const std::vector<Ensemble>& populations, CoupledAt at,
                                                bool single) {
  Couplings couplings(options, populations, at, single);
  while (!couplings.advance(std::numeric_limits<Real>::infinity())) {
  }
  return couplings.result();
}

}  // namespace weir
