namespace HyperKernels;

/// <summary>Reads <c>HYPERKERNELS_CHECK</c>.</summary>
internal static class OpChecksVariable
{
    private const string Name = "HYPERKERNELS_CHECK";

    /// <summary>The checks that it names; none where it is not set.</summary>
    /// <exception cref="DeviceException">It names what is no check.</exception>
    public static OpChecks Value => Parse(Environment.GetEnvironmentVariable(Name));

    internal static OpChecks Parse(string? words)
    {
        OpChecks checks = OpChecks.None;
        foreach (string word in (words ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            checks |= word switch
            {
                "finite" => OpChecks.Finite,
                "twin" => OpChecks.Twin,
                _ => throw new DeviceException($"the environment variable {Name} must be finite, twin or both with a comma between; got \"{words}\". Unset it to check nothing."),
            };
        }
        return checks;
    }
}
