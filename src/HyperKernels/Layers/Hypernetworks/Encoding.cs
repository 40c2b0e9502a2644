namespace HyperKernels.Layers;

/// <summary>How conditions between 0 and 1 are encoded before the generator sees them.</summary>
public enum Encoding
{
    /// <summary>
    /// <c>[cos(pi gamma / 2), sin(pi gamma / 2)]</c>, all cosines first: constant norm whatever the condition, so that the scale of
    /// the generated weights does not follow it (MIP, Gonzalez Ortiz et al., ICLR 2024).
    /// </summary>
    CosSin,

    /// <summary><c>[gamma, 1 - gamma]</c>: constant sum.</summary>
    Complement,

    /// <summary>As they are: the plain hypernetwork.</summary>
    None,
}
