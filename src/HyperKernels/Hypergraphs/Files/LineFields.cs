namespace HyperKernels.IO;

/// <summary>The fields of a line: between blanks, tabs or single commas, with blanks around them.</summary>
internal ref struct LineFields(ReadOnlySpan<byte> line, TextLines lines)
{
    private ReadOnlySpan<byte> _rest = line;
    private bool _afterComma;

    /// <summary>Takes the next field.</summary>
    public bool Next(out ReadOnlySpan<byte> field)
    {
        _rest = _rest.TrimStart(" \t"u8);
        if (_rest.IsEmpty || _rest[0] == (byte)',')
        {
            if (_afterComma || !_rest.IsEmpty)
            {
                throw lines.Fail("there must be something on both sides of a comma.");
            }
            field = default;
            return false;
        }
        int end = _rest.IndexOfAny((byte)' ', (byte)'\t', (byte)',');
        field = end < 0 ? _rest : _rest[..end];
        _rest = end < 0 ? default : _rest[end..].TrimStart(" \t"u8);
        _afterComma = !_rest.IsEmpty && _rest[0] == (byte)',';
        _rest = _afterComma ? _rest[1..] : _rest;
        return true;
    }

    /// <summary>Takes a field that has to be there.</summary>
    public ReadOnlySpan<byte> Expect(string what) => Next(out ReadOnlySpan<byte> field) ? field : throw lines.Fail($"the line ends where {what} was due.");

    /// <summary>Refuses further fields.</summary>
    public void ExpectEnd(string what)
    {
        if (Next(out ReadOnlySpan<byte> field))
        {
            throw lines.Fail($"the line must end after {what}; {BadFile.Quote(field)} follows.");
        }
    }
}
