using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Kl3m.Inference.Tokenization;

/// <summary>
/// Text to token ids and back, exactly as Hugging Face's <c>tokenizers</c> reads the same tokenizer.json (byte-level BPE).
/// Immutable: all members may be called from any thread.
/// </summary>
public sealed class Tokenizer
{
    /// <summary>Microsoft.ML.Tokenizers merges a piece in time quadratic in its length; longer pieces than this are merged with a heap.</summary>
    internal const int LongPiece = 256;

    private const long MaxFileBytes = 64 << 20;

    private readonly TextSplitter splitter;
    private readonly BpeTokenizer shortPieces;
    private readonly BpeMerges longPieces;
    private readonly Dictionary<string, int> ids;
    private readonly byte[]?[] bytes;
    private readonly HashSet<int> special;

    private Tokenizer(TokenizerFile file)
    {
        splitter = new(file.AddedTokens);
        longPieces = new(file.Vocabulary, file.Merges);
        shortPieces = BpeTokenizer.Create(new BpeOptions(file.Vocabulary)
        {
            Merges = file.Merges.Select(merge => $"{merge.Left} {merge.Right}"),
            ByteLevel = true,
        });
        ids = new(file.Vocabulary);
        special = [.. file.AddedTokens.Where(token => token.Special).Select(token => token.Id)];
        foreach (var token in file.AddedTokens)
        {
            ids[token.Content] = token.Id;
        }
        bytes = new byte[]?[ids.Values.Max() + 1];
        foreach (var (token, id) in ids)
        {
            bytes[id] = ByteAlphabet.Read(token);
        }
    }

    /// <summary>The largest id + 1; ids below it may be holes.</summary>
    public int VocabularySize => bytes.Length;

    /// <summary>Reads a tokenizer.json.</summary>
    /// <exception cref="ModelFileException">The file is broken, contradicts itself, or asks for what is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Tokenizer Load(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > MaxFileBytes and var length })
        {
            throw new ModelFileException(path, JsonField.WholeFile, $"is {length >> 20} MB; more than {MaxFileBytes >> 20} MB are not read.");
        }
        return new(TokenizerFile.Parse(File.ReadAllBytes(path), path));
    }

    /// <summary>Reads a tokenizer.json from memory; <paramref name="name"/> is the file's name in errors.</summary>
    /// <exception cref="ModelFileException">The file is broken, contradicts itself, or asks for what is not supported.</exception>
    public static Tokenizer Parse(ReadOnlySpan<byte> json, string name) => new(TokenizerFile.Parse(json, name));

    /// <summary>
    /// The id of a token by its content as the file writes it: added tokens literally, others in the byte-level alphabet (<c>Ġthe</c>).
    /// </summary>
    public int? Find(string content) => ids.TryGetValue(content, out var id) ? id : null;

    /// <summary>
    /// The ids of a text; joined and decoded they give it back. Added tokens that are typed out, <c>&lt;|end|&gt;</c> too, become
    /// the token; lone surrogates count as U+FFFD.
    /// </summary>
    public int[] Encode(string text)
    {
        text = WellFormed(text);
        var ids = new List<int>(text.Length / 3);
        foreach (var piece in splitter.Split(text))
        {
            EncodePiece(text, piece, ids);
        }
        return [.. ids];
    }

    /// <summary>
    /// The tokens of a text with their UTF-16 offsets into it. Tokens that are part of one character span that character, all of it.
    /// </summary>
    public IReadOnlyList<TokenSpan> EncodeSpans(string text)
    {
        text = WellFormed(text);
        var spans = new List<TokenSpan>(text.Length / 3);
        var ids = new List<int>();
        foreach (var piece in splitter.Split(text))
        {
            ids.Clear();
            EncodePiece(text, piece, ids);
            if (ids.Count == 1)
            {
                spans.Add(new(ids[0], piece.Start, piece.End));
                continue;
            }
            var characters = new CharacterWalk(text, piece.Start);
            foreach (var id in ids)
            {
                var start = characters.Start;
                var end = characters.Advance(bytes[id]!.Length);
                spans.Add(new(id, start, end));
            }
        }
        return spans;
    }

    /// <summary>The text of tokens: their bytes joined and read as UTF-8, U+FFFD for what is not. Ids without a token give nothing.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var bytes = new List<byte>(ids.Length * 4);
        foreach (var id in ids)
        {
            if (!(skipSpecialTokens && IsSpecial(id)))
            {
                bytes.AddRange(BytesOf(id).Span);
            }
        }
        return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes));
    }

    /// <summary>The UTF-8 bytes of a token, which may be part of a character only; empty for an id that no token has.</summary>
    public ReadOnlyMemory<byte> BytesOf(int id) => (uint)id < (uint)bytes.Length ? bytes[id] : default(ReadOnlyMemory<byte>);

    /// <summary>True for tokens such as <c>&lt;|end|&gt;</c>.</summary>
    public bool IsSpecial(int id) => special.Contains(id);

    private void EncodePiece(string text, Piece piece, List<int> ids)
    {
        var characters = text.AsSpan(piece.Start, piece.Length);
        if (piece.AddedTokenId is { } id)
        {
            ids.Add(id);
        }
        else if (piece.Length <= LongPiece)
        {
            ids.AddRange(shortPieces.EncodeToIds(characters, considerPreTokenization: false, considerNormalization: false));
        }
        else
        {
            longPieces.Encode(characters, ids);
        }
    }

    /// <summary>Lone surrogates replaced; as long as before, so offsets stay.</summary>
    private static string WellFormed(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Walks over well-formed text by UTF-8 bytes, and says where the characters are that hold them.</summary>
    private struct CharacterWalk(string text, int start)
    {
        private int used; // bytes of the character at Start

        public int Start { get; private set; } = start;

        /// <summary>Takes a token's bytes; returns the end of the character that the last of them is in.</summary>
        public int Advance(int bytes)
        {
            for (used += bytes; ;)
            {
                var rune = Rune.GetRuneAt(text, Start);
                var end = Start + rune.Utf16SequenceLength;
                if (used < rune.Utf8SequenceLength)
                {
                    return end;
                }
                used -= rune.Utf8SequenceLength;
                Start = end;
                if (used == 0)
                {
                    return end;
                }
            }
        }
    }
}
