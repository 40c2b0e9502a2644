namespace HyperKernels.Backends.Watched;

/// <summary>Names of a contract's functions, made once: <c>Unary Tanh</c>.</summary>
internal static class Named<TKind>
    where TKind : struct, Enum
{
    private static readonly TKind[] s_kinds = Enum.GetValues<TKind>();
    private static string[] s_names = [];
    private static string s_op = "";

    /// <summary>The name of one of an op's functions; every kind belongs to one op.</summary>
    public static string Of(string op, TKind kind)
    {
        if (s_op != op)
        {
            s_names = [.. s_kinds.Select(each => $"{op} {each}")];
            s_op = op;
        }
        int place = Array.IndexOf(s_kinds, kind);
        return place < 0 ? $"{op} {kind}" : s_names[place];
    }
}
