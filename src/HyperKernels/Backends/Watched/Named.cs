namespace HyperKernels.Backends.Watched;

/// <summary>Names of a contract's functions, made once: <c>Unary Tanh</c>.</summary>
internal static class Named<TKind>
    where TKind : struct, Enum
{
    private static readonly TKind[] s_kinds = Enum.GetValues<TKind>();
    private static string[]? s_names;

    /// <summary>The name of one of an op's functions; every kind belongs to one op.</summary>
    public static string Of(string op, TKind kind)
    {
        string[] names = s_names ??= [.. s_kinds.Select(each => $"{op} {each}")];
        int place = Array.IndexOf(s_kinds, kind);
        return place < 0 ? $"{op} {kind}" : names[place];
    }
}
