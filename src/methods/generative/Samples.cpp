#include "methods/generative/Samples.hpp"

#include "weir/base/Configuration.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

void write_samples(RunOutput& output, const std::vector<NamedRows>& tables,
                   const std::vector<std::string>& columns) {
  commit_hdf5(output.comm(), output.path("samples.h5"), [&](Hdf5File& file) {
    for (const auto& [name, rows] : tables) write_particles(file, "/" + name, rows->partition, rows->x);
    if (!columns.empty()) file.write_strings("/columns", columns);
    file.set_attribute("/", "seed", Real(output.run().seed));
    file.set_attribute("/", "version", WEIR_VERSION);
    file.set_attribute("/", "run", output.run().name);
  });
}

}  // namespace weir
