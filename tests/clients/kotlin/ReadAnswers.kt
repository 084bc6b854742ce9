// Reads recorded answers with the generated models and writes them again: nothing may be lost.
// Arguments: files named <Model>.<number>.json
import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonNull
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import java.time.OffsetDateTime
import org.openapitools.client.infrastructure.Serializer

fun moment(element: JsonElement): OffsetDateTime? = try {
    OffsetDateTime.parse(element.asString)
} catch (_: Exception) {
    null
}

fun same(read: JsonElement?, sent: JsonElement?): Boolean = when {
    read == null || read is JsonNull -> sent == null || sent is JsonNull
    read is JsonObject && sent is JsonObject ->
        (read.keySet() + sent.keySet()).all { same(read.get(it), sent.get(it)) }
    read is JsonArray && sent is JsonArray ->
        read.size() == sent.size() && read.zip(sent).all { (one, other) -> same(one, other) }
    sent == null -> false
    else -> read == sent || (moment(read) != null && moment(read) == moment(sent))
}

fun main(arguments: Array<String>) {
    for (path in arguments) {
        val text = File(path).readText()
        val model = Class.forName("org.openapitools.client.models." + File(path).name.substringBefore('.'))
        val written = Serializer.gson.toJsonTree(Serializer.gson.fromJson(text, model))
        check(same(written, JsonParser.parseString(text))) { "$path\n$text\n$written" }
    }
    println("${arguments.size} answers read.")
}
