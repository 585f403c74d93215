using System.Text.Json;

namespace Kl3m.Playground.Api;

/// <summary>Reads OpenAI's prompt: a text, a list of texts, a list of token ids, or a list of such lists.</summary>
internal static class PromptReader
{
    public static IReadOnlyList<PromptInput> Read(JsonFields fields, string name, int maxPrompts)
    {
        if (!fields.TryGet(name, out var value))
        {
            fields.Wrong(name, "is missing: send a text, texts, token ids, or lists of token ids.");
            return [];
        }
        if (value.ValueKind == JsonValueKind.String)
        {
            return [new(fields.Text(name, value), null)];
        }
        if (value.ValueKind != JsonValueKind.Array)
        {
            fields.Wrong(name, "must be a text, texts, token ids, or lists of token ids", value);
            return [];
        }
        if (value.GetArrayLength() == 0)
        {
            fields.Wrong(name, "is empty.");
            return [];
        }
        if (value[0].ValueKind == JsonValueKind.Number)
        {
            return [new(null, ReadTokenIds(fields, name, value))];
        }
        if (value.GetArrayLength() > maxPrompts)
        {
            fields.Wrong(name, $"may hold at most {maxPrompts} prompts, not {value.GetArrayLength()}.");
            return [];
        }
        return value[0].ValueKind == JsonValueKind.Array ? ReadLists(fields, name, value) : ReadTexts(fields, name, value);
    }

    /// <summary>A list of whole numbers from 0; empty, and remembered as wrong, if it is anything else.</summary>
    public static int[] ReadTokenIds(JsonFields fields, string name, JsonElement list)
    {
        var ids = new int[list.GetArrayLength()];
        var i = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (!JsonFields.TryInteger(item, out ids[i]) || ids[i] < 0)
            {
                fields.Wrong(name, $"must hold token ids (whole numbers from 0) only; item {i} is {JsonFields.Kind(item)}.");
                return [];
            }
            i++;
        }
        return ids;
    }

    private static List<PromptInput> ReadLists(JsonFields fields, string name, JsonElement value)
    {
        var prompts = new List<PromptInput>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Array || item.GetArrayLength() == 0)
            {
                fields.Wrong(name, $"must hold lists of token ids only; item {prompts.Count} is not one, or is empty.");
                break;
            }
            prompts.Add(new(null, ReadTokenIds(fields, name, item)));
        }
        return prompts;
    }

    private static List<PromptInput> ReadTexts(JsonFields fields, string name, JsonElement value)
    {
        var prompts = new List<PromptInput>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
            {
                fields.Wrong(name, $"must be a text, texts, token ids, or lists of token ids; item {prompts.Count} is {JsonFields.Kind(item)}.");
                break;
            }
            prompts.Add(new(fields.Text(name, item), null));
        }
        return prompts;
    }
}
