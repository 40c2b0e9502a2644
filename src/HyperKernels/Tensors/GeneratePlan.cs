namespace HyperKernels;

/// <summary>How <see cref="Ops.GenerateLinear"/> works; every plan gives the same result, to rounding.</summary>
public enum GeneratePlan
{
    /// <summary>Chosen from the sizes and from whether gradients are recorded; <see cref="Ops.PlanOf(Tensor, Weight)"/> tells what.</summary>
    Auto,

    /// <summary>Generates all weight sets by one product, then applies them: B I O floats of memory.</summary>
    Materialise,

    /// <summary>Generates a tile of weights at a time and applies it at once: about a megabyte of memory per thread.</summary>
    Tile,

    /// <summary>
    /// Multiplies the outer product of x and z with the generator: no weights exist, and the gradients take fewer products; but T rows a
    /// context cost T times the work of one.
    /// </summary>
    Reassociate,
}
