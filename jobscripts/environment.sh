# What differs from site to site: the one file here to edit. Sourced by every job.

# Modules or Spack, whichever the site has:
#   module load gcc openmpi hdf5-parallel petsc kokkos
#   source /path/to/spack/share/spack/setup-env.sh && spack env activate weir

# The programs, where they are not in build/ of the folder that the job was submitted from.
: "${WEIR:=${SLURM_SUBMIT_DIR:-.}/build/weir}"
: "${WEIR_PLOT:=${SLURM_SUBMIT_DIR:-.}/build/weir-plot}"

# How ranks are started: srun (with the PMI that the MPI library knows) or mpirun.
: "${WEIR_LAUNCHER:=srun}"
: "${WEIR_SRUN_FLAGS=--mpi=pmix --cpu-bind=cores}"
: "${WEIR_MPIRUN_FLAGS=--map-by slot:PE=${SLURM_CPUS_PER_TASK:-1} --bind-to core}"

# Ranks that are hybrid (sbatch --cpus-per-task=N) run N threads each, where Kokkos was built with OpenMP.
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1} OMP_PROC_BIND=${OMP_PROC_BIND:-close} OMP_PLACES=${OMP_PLACES:-cores}

# Large pages for large arrays, where the system gives them to who asks: networks train a tenth faster. Of glibc 2.35 and later.
export GLIBC_TUNABLES=${GLIBC_TUNABLES-glibc.malloc.hugetlb=1}
