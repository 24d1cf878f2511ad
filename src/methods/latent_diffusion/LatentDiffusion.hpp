// latent_diffusion: decoder, diffusion prior and the posterior particles of every datum, trained together
// (IPLD).
//
// Source: Wang, Kuntz, Akyildiz, Training Latent Diffusion Models with Interacting Particle Algorithms (arXiv
// 2505.12412).
#pragma once

#include <optional>

#include "methods/latent_diffusion/DiffusionModel.hpp"
#include "methods/latent_diffusion/LatentDiffusionOptions.hpp"
#include "weir/methods/Method.hpp"

namespace weir {

class LatentDiffusion : public Method {
 public:
  std::string key() const override { return "latent_diffusion"; }
  std::string doc() const override {
    return "a latent diffusion model of data, trained by interacting particles";
  }
  void describe(Section& section) override { weir::describe(section, options_); }
  void prepare(const Communicator& comm, const RunOptions& run) override;
  void check(const Communicator& comm, const RunOptions& run) override;
  std::vector<CostedPart> costs(const Communicator& comm, const RunOptions& run) const override;
  /// The epochs of a training in one stage, whose rates are constant.
  bool may_change(const DeckDifference& change, const Checkpoint& from) const override;
  void run(RunOutput& output, RunControl& control) override;

 private:
  std::optional<DiffusionModel> check_model(const Communicator& comm) const;
  void check_options(const Communicator& comm, const RunOptions& run) const;
  void check_given(const Communicator& comm, const DataShape& shape) const;
  void check_memory(const Communicator& comm, const RunOptions& run, const DataShape& shape) const;
  DiffusionModel read_model(const Communicator& comm) const;
  std::optional<DiffusionModel> learn(RunOutput& output, RunControl& control);

  LatentDiffusionOptions options_;
  std::optional<Data> data_;
};

}  // namespace weir
