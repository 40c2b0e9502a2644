namespace HyperKernels.Models;

/// <summary>Where a system was published.</summary>
/// <param name="Authors">Family names in the paper's order: <c>Feng, You, Zhang, Ji, Gao</c>.</param>
/// <param name="Title">The paper's title.</param>
/// <param name="Venue">The conference or journal, short: <c>AAAI</c>; <c>arXiv</c> for a paper that is nowhere else.</param>
/// <param name="Year">Of the venue.</param>
public sealed record Paper(string Authors, string Title, string Venue, int Year)
{
    /// <summary>Its number at arXiv, <c>1809.09401</c>; null if it is not there.</summary>
    public string? Arxiv { get; init; }

    /// <summary>Its digital object identifier, <c>10.1609/aaai.v33i01.33013558</c>; null if it has none or <see cref="Arxiv"/> is enough.</summary>
    public string? Doi { get; init; }

    /// <summary>The page of the paper: arXiv's if it is there, else what its DOI leads to, else nothing.</summary>
    public string Link => Arxiv is not null ? $"https://arxiv.org/abs/{Arxiv}" : Doi is not null ? $"https://doi.org/{Doi}" : "";

    /// <summary>Authors, venue and year: <c>Feng, You, Zhang, Ji, Gao, AAAI 2019</c>.</summary>
    public string Citation => $"{Authors}, {Venue} {Year}";

    /// <summary>Authors, title, venue and year in one line.</summary>
    public override string ToString() => $"{Authors}: {Title}, {Venue} {Year}";
}
