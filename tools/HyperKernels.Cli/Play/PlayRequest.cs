using System.Net;
using System.Text;

namespace HyperKernels.Cli.Play;

/// <summary>The head of a request in HTTP/1.1; bodies are not read. Source: RFC 9112.</summary>
/// <param name="Method"><c>GET</c>.</param>
/// <param name="Path"><c>/answer</c>.</param>
/// <param name="Query">What follows the path, by name.</param>
/// <param name="Host">Whom the client believes to have asked.</param>
internal sealed record PlayRequest(string Method, string Path, IReadOnlyDictionary<string, string> Query, string Host)
{
    private const int MostBytes = 16 << 10;

    /// <summary>Reads a head.</summary>
    /// <returns>Null where a connection was closed before it said something.</returns>
    /// <exception cref="InvalidDataException">What came is no head of HTTP/1, or a longer one than any browser sends.</exception>
    public static async Task<PlayRequest?> Read(Stream stream, CancellationToken cancel)
    {
        byte[] head = new byte[MostBytes];
        int count = 0;
        int end;
        while ((end = head.AsSpan(0, count).IndexOf("\r\n\r\n"u8)) < 0)
        {
            int read = count == head.Length ? 0 : await stream.ReadAsync(head.AsMemory(count), cancel).ConfigureAwait(false);
            if (read == 0)
            {
                return count == 0 ? null : throw new InvalidDataException($"a request of at most {MostBytes} bytes ends with an empty line.");
            }
            count += read;
        }
        return Parse(Encoding.ASCII.GetString(head, 0, end));
    }

    private static PlayRequest Parse(string head)
    {
        string[] lines = head.Split("\r\n");
        if (lines[0].Split(' ') is not [string method, ['/', ..] target, "HTTP/1.1" or "HTTP/1.0"])
        {
            throw new InvalidDataException("a request begins with a method, a path and HTTP/1.1.");
        }
        string host = lines.Skip(1).FirstOrDefault(static line => line.StartsWith("Host:", StringComparison.OrdinalIgnoreCase))?["Host:".Length..].Trim() ?? "";
        string[] parts = target.Split('?', 2);
        Dictionary<string, string> query = [];
        foreach (string pair in parts.Length == 2 ? parts[1].Split('&') : [])
        {
            string[] sides = pair.Split('=', 2);
            query[sides[0]] = sides.Length == 2 ? WebUtility.UrlDecode(sides[1]) : "";
        }
        return new PlayRequest(method, parts[0], query, host);
    }
}
