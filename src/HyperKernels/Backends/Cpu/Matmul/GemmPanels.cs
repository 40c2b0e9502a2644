namespace HyperKernels.Backends.Cpu;

/// <summary>How the tiles of a block read the columns of B.</summary>
internal enum GemmPanels
{
    /// <summary>Panel by panel where they lie; a part packs those that pay, as its first tile reads them.</summary>
    Single,

    /// <summary>All are packed before the first tile. They stream by rows that stay in the second cache.</summary>
    Shared,

    /// <summary>A part packs its own and keeps them in the second cache. Rows stream by.</summary>
    Held,
}
